import { Duration } from 'aws-cdk-lib';
import { GraphWidget, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { enforcerMetric, everyRegion, needsReviewByReason } from './metrics.ts';
import type { Notifier } from './notifier.ts';
import type { Scan } from './scan.ts';
import type { Settings } from './settings.ts';
import type { Topics } from './topics.ts';

/** The resources that the dashboard shows. */
export interface DashboardProps {
  readonly function: IFunction;
  readonly workQueue: IQueue;
  readonly checkQueue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly scan: Scan;
  readonly notifier: Notifier;
  readonly topics: Topics;
  readonly settings: Pick<Settings, 'scanEveryHours'>;
}

/** Without `driftRemediated`, which is a part of `remediated` and would count twice in a stacked graph. */
const OUTCOMES = ['remediated', 'needsReview', 'exempt', 'failed', 'retried', 'notUnderstood'] as const;

/** The widgets of the dashboard, row by row. */
export function dashboardWidgets(props: DashboardProps): GraphWidget[][] {
  const { function: enforcer, workQueue, checkQueue, deadLetterQueue, scan, notifier } = props;
  const { scanEveryHours } = props.settings;
  const half = { width: 12, height: 6 };
  // A gauge has one value per run, so points of a shorter period would not be connected.
  const run = Duration.hours(scanEveryHours);
  const gauges = [
    ['NonCompliant', 'nonCompliant'],
    ['Compliant', 'compliant'],
    ['NeedsReview', 'needsReview'],
    ['Oldest non-compliant, seconds', 'oldestNonCompliantSeconds'],
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
        title: 'Exposure, seconds',
        left: [Stats.p(50), Stats.p(95)].map((statistic) => enforcerMetric('exposureSeconds', { statistic })),
      }),
    ],
    [
      new GraphWidget({
        ...half,
        title: 'Queues',
        left: [
          workQueue.metricApproximateNumberOfMessagesVisible({ label: 'Work queue' }),
          workQueue.metricApproximateNumberOfMessagesDelayed({ label: 'Work queue, delayed' }),
          enforcerMetric('handedBack', { label: 'Instances handed back' }),
          checkQueue.metricApproximateNumberOfMessagesVisible({ label: 'Post-change checks' }),
          deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Dead-letter queue' }),
        ],
        right: [workQueue.metricApproximateAgeOfOldestMessage({ label: 'Oldest message, seconds' })],
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
        title: 'Needs review, by reason and region',
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
          scan.queue.metricApproximateNumberOfMessagesVisible({ label: 'Steps queued' }),
          scan.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Steps in the dead-letter queue' }),
          enforcerMetric('healthFindings', { label: 'Health findings', statistic: Stats.MAXIMUM }),
        ],
        right: [scan.function.metricErrors({ label: 'Failed attempts' })],
      }),
      new GraphWidget({
        ...half,
        title: 'Remediated instances with rejected IMDSv1 calls',
        left: [enforcerMetric('rejectedInstances', { label: 'Instances' })],
      }),
    ],
    [
      new GraphWidget({
        ...half,
        title: 'Alerts that wait, oldest in seconds',
        left: [
          notifier.urgentQueue.metricApproximateAgeOfOldestMessage({ label: 'Urgent' }),
          notifier.summaryQueue.metricApproximateAgeOfOldestMessage({ label: 'Summarized' }),
        ],
        right: [notifier.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'Dead-letter queue' })],
      }),
      new GraphWidget({
        ...half,
        title: 'Alerts',
        left: [props.topics.outcomes.metricNumberOfMessagesPublished({ label: 'Published' })],
        right: [
          props.topics.outcomes.metricNumberOfNotificationsFailed({ label: 'Deliveries failed' }),
          notifier.function.metricErrors({ label: 'Errors of the notifier' }),
        ],
      }),
    ],
  ];
}
