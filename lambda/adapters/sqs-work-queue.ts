import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import type { WorkQueue } from '../app/ports/index.ts';
import { toUndelivered } from '../core/undelivered-alert.ts';
import { toCheckMessage } from '../triggers/post-change-check.ts';
import { failing } from './failures.ts';
import { batchesOf, sendBatch } from './sqs-batches.ts';

/**
 * The longest delay of a message, in seconds.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
 */
const LONGEST_DELAY = 900;

/** Sends messages to the work queue. Needs `sqs:SendMessage`. */
export function sqsWorkQueue(client: SQSClient, queueUrl: string): WorkQueue {
  const put = async (messages: readonly object[], DelaySeconds: number) => {
    const entries = messages.map((message) => ({ MessageBody: JSON.stringify(message), DelaySeconds }));
    await pMap(batchesOf(entries), (batch) => sendBatch(client, queueUrl, batch), { concurrency: 10 });
  };
  return {
    // The default delay of the queue gives CloudTrail time; a finding needs no CloudTrail record.
    putFindings: (findings, delaySeconds = 0) => put(findings, delaySeconds),
    putEvent: (event, delaySeconds) => put([event], delaySeconds),
    putUndelivered: async (message) => {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(toUndelivered(message)),
      });
      await failing(client.send(command));
    },
    putChecks: (checks) => put(checks.map(toCheckMessage), LONGEST_DELAY),
  };
}
