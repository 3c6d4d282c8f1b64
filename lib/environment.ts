import { Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** The queues whose URLs the functions need. */
interface ConfigQueues {
  readonly workQueue: IQueue;
  readonly checkQueue: IQueue;
}

/** The configuration of the functions that remediate. Settings are passed on under their own names. */
export const configOf = (scope: Construct, settings: Settings, { workQueue, checkQueue }: ConfigQueues) => ({
  ...settings,
  enforceSince: settings.enforceSince ?? 'none',
  trail: settings.trail !== 'none',
  ownerTag: settings.ownerTag ?? 'none',
  outcomeBusArn: outcomeBusArn(scope, settings),
  workQueueUrl: workQueue.queueUrl,
  checkQueueUrl: checkQueue.queueUrl,
});

/** The ARN of the event bus of outcomes; without the setting, that of the default bus. */
export const outcomeBusArn = (scope: Construct, settings: Pick<Settings, 'outcomeBusArn'>): string =>
  settings.outcomeBusArn ??
  Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });
