import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type CfnAlarm,
  ComparisonOperator,
  Dashboard,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Rule } from 'aws-cdk-lib/aws-events';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import { type DashboardProps, dashboardWidgets } from './dashboard.ts';
import { enforcerMetric } from './metrics.ts';
import type { Settings } from './settings.ts';

/** The resources with alarms, and how alarms are sent. */
export interface MonitoringProps extends DashboardProps {
  /** The rules with a dead-letter queue, by the id of their alarm: an alarm can sum up ten metrics. */
  readonly rules: Readonly<Record<string, { readonly bus?: string; readonly rules: readonly Rule[] }>>;
  readonly settings: Pick<Settings, 'scanEveryHours' | 'runbookUrl' | 'dashboard'>;
}

interface AlarmSpec {
  readonly id: string;
  /** Heading of its section in docs/runbook.md. */
  readonly heading: string;
  readonly metric: IMetric;
  /** The alarm threshold, inclusive. */
  readonly threshold: number;
  /** @default 1 */
  readonly periods?: number;
  /**
   * Set for a metric that must always have values: it goes into ALARM on missing data, but not within this time after
   * its creation.
   */
  readonly warmUp?: Duration;
  /** Whether it goes into ALARM below the threshold. */
  readonly below?: true;
}

/** The alarms about the deployment itself, and the dashboard. */
export class Monitoring extends Construct {
  public constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const action = new SnsAction(props.topics.operations);
    for (const { id, heading, metric, threshold, periods, warmUp, below } of alarms(props)) {
      const alarm = new Alarm(this, id, {
        alarmDescription: `${heading}. Runbook: ${runbookSection(heading, props.settings.runbookUrl)}`,
        metric,
        threshold,
        evaluationPeriods: periods ?? 1,
        comparisonOperator: below
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        // Missing data is normal for a metric that has values only after events.
        treatMissingData: warmUp ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html
      const warmUpConfiguration = warmUp && { warmUpPeriodDurationInMinutes: warmUp.toMinutes() };
      (alarm.node.defaultChild as CfnAlarm).warmUpConfiguration = warmUpConfiguration;
    }
    if (props.settings.dashboard === 'off') return;
    new Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(7), widgets: dashboardWidgets(props) });
  }
}

/** A link to a section of the runbook, or its place in the package. */
const runbookSection = (heading: string, url: string | undefined): string =>
  url === undefined
    ? `"${heading}" in docs/runbook.md of the imdsv2-enforcer package`
    : `${url}#${heading.toLowerCase().replaceAll(' ', '-')}`;

function alarms(props: MonitoringProps): readonly AlarmSpec[] {
  const { function: enforcer, workQueue, deadLetterQueue, scan, notifier, topics } = props;
  const { scanEveryHours } = props.settings;
  const minutes = (count: number) => ({ period: Duration.minutes(count) });
  return [
    {
      id: 'DeadLetterQueue',
      heading: 'Messages in the dead-letter queue',
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible(minutes(1)),
      threshold: 1,
    },
    {
      id: 'WorkQueueAge',
      heading: 'The work queue is blocked',
      // A message is 30 minutes old after twenty failed receives. What only needs time is handed back as a new message.
      metric: workQueue.metricApproximateAgeOfOldestMessage(minutes(5)),
      threshold: Duration.minutes(30).toSeconds(),
    },
    {
      id: 'FunctionErrors',
      heading: 'The function fails',
      // An event that fails alone is no error. One or two batches that crash or time out are followed by a retry that
      // succeeds.
      metric: enforcer.metricErrors(minutes(15)),
      threshold: 3,
    },
    {
      id: 'FunctionThrottles',
      heading: 'The function is throttled',
      // The queue keeps what is throttled, so only lasting throttling needs an operator.
      metric: enforcer.metricThrottles(minutes(5)),
      threshold: 1,
      periods: 3,
    },
    {
      id: 'FailedRemediations',
      heading: 'An instance could not be remediated',
      metric: enforcerMetric('failed', minutes(5)),
      threshold: 1,
    },
    {
      id: 'NotUnderstood',
      heading: 'An event was not understood',
      metric: enforcerMetric('notUnderstood', minutes(5)),
      threshold: 1,
    },
    {
      id: 'RepeatedDrift',
      heading: 'Repeated drift',
      metric: enforcerMetric('driftRemediated', minutes(15)),
      threshold: 6,
    },
    {
      id: 'ScanDeadLetterQueue',
      heading: 'A scan step failed',
      metric: scan.deadLetterQueue.metricApproximateNumberOfMessagesVisible(minutes(1)),
      threshold: 1,
    },
    {
      id: 'ScanMissing',
      heading: 'No scan completes',
      metric: enforcerMetric('scanCompleted', { period: Duration.hours(scanEveryHours) }),
      threshold: 1,
      // Periods of an hour and more may cover seven days in total.
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      periods: 2,
      warmUp: Duration.hours(2 * scanEveryHours),
      below: true,
    },
    {
      id: 'UrgentQueueAge',
      heading: 'Alerts are not sent',
      // They are promised within a minute; SNS may be down for some.
      metric: notifier.urgentQueue.metricApproximateAgeOfOldestMessage(minutes(5)),
      threshold: Duration.minutes(10).toSeconds(),
    },
    {
      id: 'SummaryQueueAge',
      heading: 'Alerts are not sent',
      // Two windows of 15 minutes, the longest, and a run.
      metric: notifier.summaryQueue.metricApproximateAgeOfOldestMessage(minutes(5)),
      threshold: Duration.minutes(40).toSeconds(),
    },
    {
      id: 'NotifierDeadLetterQueue',
      heading: 'Alerts are not sent',
      metric: notifier.deadLetterQueue.metricApproximateNumberOfMessagesVisible(minutes(1)),
      threshold: 1,
    },
    ...[topics.outcomes, topics.chat].flatMap((topic) =>
      topic === undefined
        ? []
        : [
            {
              id: `${topic.node.id}DeliveryFailed`,
              heading: 'Alerts are not delivered',
              metric: topic.metricNumberOfNotificationsFailed(minutes(5)),
              threshold: 1,
            },
          ],
    ),
    {
      id: 'WorkloadImpact',
      heading: 'IMDSv1 calls rejected',
      metric: enforcerMetric('rejectedInstances', minutes(15)),
      threshold: 1,
    },
    ...losses(props),
  ];
}

/** Alarms about what is lost without any other sign. */
function losses({ function: enforcer, scan, notifier, rules }: MonitoringProps): readonly AlarmSpec[] {
  const period = Duration.minutes(5);
  const sumOf = (label: string, metrics: readonly IMetric[]): IMetric =>
    new MathExpression({
      label,
      period,
      expression: `SUM([${metrics.map((_, index) => `FILL(m${index}, 0)`).join(', ')}])`,
      usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    });
  return [
    {
      id: 'HealthFindings',
      heading: 'A part of the deployment is lost',
      // Two runs of the checks. An alarm cannot notify a topic in another region, so they look at all regions.
      metric: enforcerMetric('healthFindings', { statistic: Stats.MAXIMUM, period: Duration.minutes(30) }),
      threshold: 1,
      warmUp: Duration.minutes(60),
    },
    ...Object.entries(rules).flatMap(([id, { bus, rules: each }]): AlarmSpec[] => {
      // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
      const metrics = each.map(
        ({ ruleName }) =>
          new Metric({
            namespace: 'AWS/Events',
            metricName: 'InvocationsFailedToBeSentToDlq',
            dimensionsMap: { ...(bus !== undefined && { EventBusName: bus }), RuleName: ruleName },
            statistic: Stats.SUM,
            period,
          }),
      );
      if (metrics.length === 0) return [];
      const label = 'Events that did not reach the dead-letter queue either';
      return [{ id, heading: 'An event was lost', metric: sumOf(label, metrics), threshold: 1 }];
    }),
    {
      id: 'InvocationsLost',
      heading: 'An invocation was lost',
      // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
      metric: sumOf(
        'Failed deliveries to a destination or a dead-letter queue',
        [enforcer, scan.function, notifier.function].map((each) =>
          each.metric('DestinationDeliveryFailures', { statistic: Stats.SUM, period }),
        ),
      ),
      threshold: 1,
    },
  ];
}
