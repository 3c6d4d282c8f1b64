import type { SQSClient } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import type { WorkQueue } from '../app/ports/index.ts';
import { toCheckMessage } from '../triggers/post-change-check.ts';
import { batchesOf, sendBatch } from './sqs-batches.ts';

/**
 * The longest delay of a message, in seconds.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
 */
const LONGEST_DELAY = 900;

/** URLs of the queues of the function that handles events. */
export interface QueueUrls {
  readonly workQueueUrl: string;
  readonly checkQueueUrl: string;
}

/** Sends messages to the work queue, and post-change checks to their queue. Needs `sqs:SendMessage`. */
export function sqsWorkQueue(client: SQSClient, { workQueueUrl, checkQueueUrl }: QueueUrls): WorkQueue {
  const put = async (queueUrl: string, messages: readonly object[], delays: number | readonly number[]) => {
    const entries = messages.map((message, index) => ({
      MessageBody: JSON.stringify(message),
      DelaySeconds: typeof delays === 'number' ? delays : delays[index],
    }));
    await pMap(batchesOf(entries), (batch) => sendBatch(client, queueUrl, batch), { concurrency: 10 });
  };
  return {
    putFindings: (findings, delaySeconds = 0) => put(workQueueUrl, findings, delaySeconds),
    putEvents: (events, delaySeconds) => put(workQueueUrl, events, delaySeconds),
    putChecks: (checks) => put(checkQueueUrl, checks.map(toCheckMessage), LONGEST_DELAY),
  };
}
