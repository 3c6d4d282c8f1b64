import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Settings } from './settings.ts';
import type { Topics } from './topics.ts';

/** The queues whose URLs the functions need. */
interface ConfigQueues {
  readonly workQueue: IQueue;
  readonly checkQueue: IQueue;
}

/** The configuration of both functions. Settings are passed on under their own names. */
export const configOf = (settings: Settings, topics: Topics, { workQueue, checkQueue }: ConfigQueues) => ({
  ...settings,
  enforceSince: settings.enforceSince ?? 'none',
  trail: settings.trail !== 'none',
  outcomesTopicArn: topics.outcomes.topicArn,
  workQueueUrl: workQueue.queueUrl,
  checkQueueUrl: checkQueue.queueUrl,
});
