import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
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
import { enforcerMetric } from './metrics.ts';

export interface MonitoringProps {
  readonly function: IFunction;
  readonly workQueue: IQueue;
  readonly deadLetters: IQueue;
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
}

/** Tells the people who run the product that it does not work, and shows how it does. */
export class Monitoring extends Construct {
  public constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const action = new SnsAction(props.operations);
    for (const { id, heading, metric, from, periods } of alarms(props)) {
      new Alarm(this, id, {
        alarmDescription: `${heading}. Runbook: ${props.runbookUrl}#${heading.toLowerCase().replaceAll(' ', '-')}`,
        metric,
        threshold: from,
        evaluationPeriods: periods ?? 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        // No instance started, no value: silence is the normal case.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(action);
    }
    new Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(7), widgets: widgets(props) });
  }
}

function alarms({ function: enforcer, workQueue, deadLetters }: MonitoringProps): readonly AlarmSpec[] {
  const minutes = (count: number) => ({ period: Duration.minutes(count) });
  return [
    {
      id: 'DeadLetters',
      heading: 'Dead letters are waiting',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(minutes(1)),
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
  ];
}

/** Without `driftRemediated`: it is part of `remediated`, and stacked on it an instance would count twice. */
const OUTCOMES = ['remediated', 'held', 'exempt', 'failed', 'retried', 'notUnderstood'] as const;

function widgets({ function: enforcer, workQueue, deadLetters }: MonitoringProps): GraphWidget[][] {
  const half = { width: 12, height: 6 };
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
          deadLetters.metricApproximateNumberOfMessagesVisible({ label: 'Dead letters' }),
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
  ];
}
