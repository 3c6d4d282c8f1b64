import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type CfnAlarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { enforcerMetric, everyRegion, needsReviewByReason } from './metrics.ts';
import type { Scan } from './scan.ts';

export interface MonitoringProps {
  readonly function: IFunction;
  readonly workQueue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly scan: Scan;
  readonly scanEveryHours: number;
  /** Whether other regions send their events here. */
  readonly forwards: boolean;
  /** Where alarms go. */
  readonly operations: ITopic;
  /** Where the headings of the runbook are found. */
  readonly runbookUrl: string;
}

interface AlarmSpec {
  readonly id: string;
  /** A heading of the runbook, word for word. */
  readonly heading: string;
  readonly metric: IMetric;
  /** The alarm rings at this value and above. */
  readonly from: number;
  /** @default 1 */
  readonly periods?: number;
  /** The alarm rings below `from` instead, and when there is no value; but not so soon after it was made. */
  readonly silence?: Duration;
}

/** Tells the people who run the product that it does not work, and shows how it does. */
export class Monitoring extends Construct {
  public constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const action = new SnsAction(props.operations);
    for (const { id, heading, metric, from, periods, silence } of alarms(props)) {
      const alarm = new Alarm(this, id, {
        alarmDescription: `${heading}. Runbook: ${props.runbookUrl}#${heading.toLowerCase().replaceAll(' ', '-')}`,
        metric,
        threshold: from,
        evaluationPeriods: periods ?? 1,
        comparisonOperator: silence
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        // No instance started, no value: silence is the normal case, but for what runs on a schedule.
        treatMissingData: silence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html
      const warmUp = silence && { warmUpPeriodDurationInMinutes: silence.toMinutes() };
      (alarm.node.defaultChild as CfnAlarm).warmUpConfiguration = warmUp;
    }
    new Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(7), widgets: widgets(props) });
  }
}

function alarms(props: MonitoringProps): readonly AlarmSpec[] {
  const { function: enforcer, workQueue, deadLetterQueue, scan, scanEveryHours, forwards } = props;
  const minutes = (count: number) => ({ period: Duration.minutes(count) });
  return [
    {
      id: 'DeadLetterQueue',
      heading: 'Dead letters are waiting',
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible(minutes(1)),
      from: 1,
    },
    {
      id: 'WorkQueueAge',
      heading: 'The work queue does not move',
      // A message that is taken three times without success is 36 minutes old. Once or twice is normal: an instance may not be
      // visible yet.
      metric: workQueue.metricApproximateAgeOfOldestMessage(minutes(5)),
      from: Duration.minutes(30).toSeconds(),
    },
    {
      id: 'FunctionErrors',
      heading: 'The function fails',
      // Three is an event that failed in all its tries. One or two heal by themselves.
      metric: enforcer.metricErrors(minutes(15)),
      from: 3,
    },
    {
      id: 'FunctionThrottles',
      heading: 'The function is throttled',
      // A throttled event waits and is tried again; only throttling that stays needs somebody.
      metric: enforcer.metricThrottles(minutes(5)),
      from: 1,
      periods: 3,
    },
    {
      id: 'FailedOutcomes',
      heading: 'An instance could not be remediated',
      metric: enforcerMetric('failed', minutes(5)),
      from: 1,
    },
    {
      id: 'NotUnderstood',
      heading: 'An event was not understood',
      metric: enforcerMetric('notUnderstood', minutes(5)),
      from: 1,
    },
    {
      id: 'TugOfWar',
      heading: 'Somebody keeps allowing IMDSv1 again',
      metric: enforcerMetric('driftRemediated', minutes(15)),
      from: 6,
    },
    {
      id: 'ScanDeadLetterQueue',
      heading: 'A scan could not be done',
      metric: scan.deadLetterQueue.metricApproximateNumberOfMessagesVisible(minutes(1)),
      from: 1,
    },
    {
      id: 'ScanSilent',
      heading: 'No scan completes',
      metric: enforcerMetric('scanCompleted', { period: Duration.hours(scanEveryHours) }),
      from: 1,
      // Together no more than seven days, which is what CloudWatch takes of periods of an hour and more.
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      periods: 2,
      silence: Duration.hours(2 * scanEveryHours),
    },
    {
      id: 'Rejected',
      heading: 'Something still needs IMDSv1',
      metric: enforcerMetric('rejectedInstances', minutes(15)),
      from: 1,
    },
    ...(forwards ? [forwardersAlarm(scanEveryHours)] : []),
  ];
}

/** No alarm of another region can act on a topic here, so the scan looks there and counts here. */
const forwardersAlarm = (scanEveryHours: number): AlarmSpec => ({
  id: 'Forwarders',
  heading: 'A region is not listened to',
  // From one scan to the next, so that it does not end before somebody has looked.
  metric: enforcerMetric('forwarderProblems', { period: Duration.hours(scanEveryHours) }),
  from: 1,
});

/** Without `driftRemediated`: it is part of `remediated`, and stacked on it an instance would count twice. */
const OUTCOMES = ['remediated', 'needsReview', 'exempt', 'failed', 'retried', 'notUnderstood'] as const;

function widgets(props: MonitoringProps): GraphWidget[][] {
  const { function: enforcer, workQueue, deadLetterQueue, scan, scanEveryHours, forwards } = props;
  const half = { width: 12, height: 6 };
  // A gauge has one value for each run: points of any shorter period would stand alone.
  const run = Duration.hours(scanEveryHours);
  const gauges = [
    ['NonCompliant', 'nonCompliant'],
    ['Compliant', 'compliant'],
    ['NeedsReview', 'needsReview'],
    ['Age of the oldest open, seconds', 'oldestNonCompliantSeconds'],
  ] as const;
  return [
    [
      new GraphWidget({
        ...half,
        title: 'Outcomes',
        stacked: true,
        left: OUTCOMES.map((name) => enforcerMetric(name)),
      }),
      new GraphWidget({
        ...half,
        title: 'Seconds exposed',
        left: [Stats.p(50), Stats.p(95)].map((statistic) => enforcerMetric('exposureSeconds', { statistic })),
      }),
    ],
    [
      new GraphWidget({
        ...half,
        title: 'Queues',
        left: [
          workQueue.metricApproximateNumberOfMessagesVisible({ label: 'Work' }),
          workQueue.metricApproximateNumberOfMessagesDelayed({ label: 'Work, delayed' }),
          deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Dead letters' }),
        ],
        right: [workQueue.metricApproximateAgeOfOldestMessage({ label: 'Oldest work, seconds' })],
      }),
      new GraphWidget({
        ...half,
        title: 'Function',
        left: [enforcer.metricErrors(), enforcer.metricThrottles()],
        right: [enforcer.metricDuration({ statistic: Stats.p(95) })],
      }),
    ],
    gauges.map(
      ([title, name]) =>
        new GraphWidget({ width: 6, height: 6, title: `${title}, by region`, left: [everyRegion(name, run)] }),
    ),
    [
      new GraphWidget({
        width: 24,
        height: 6,
        title: 'Held, by reason and region',
        stacked: true,
        left: [needsReviewByReason()],
      }),
    ],
    [
      new GraphWidget({
        ...half,
        title: 'Scans',
        left: [
          enforcerMetric('scanCompleted', { label: 'Regions completed' }),
          scan.queue.metricApproximateNumberOfMessagesVisible({ label: 'Steps waiting' }),
          scan.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Steps given up' }),
          ...(forwards ? [enforcerMetric('forwarderProblems', { label: 'Problems of other regions' })] : []),
        ],
        right: [scan.function.metricErrors({ label: 'Steps that failed once' })],
      }),
      new GraphWidget({
        ...half,
        title: 'IMDSv1 still asked for where it is closed',
        left: [enforcerMetric('rejectedInstances', { label: 'Instances' })],
      }),
    ],
  ];
}
