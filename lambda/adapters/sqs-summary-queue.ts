import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SummaryQueue } from '../app/ports/index.ts';
import { FailureError } from '../core/failure.ts';
import { failing } from './failures.ts';
import { batchesOf, sendBatch } from './sqs-batches.ts';

/** The queue of summaries. Needs `sqs:ReceiveMessage`, `sqs:DeleteMessage` and `sqs:SendMessage`. */
export function sqsSummaryQueue(client: SQSClient, queueUrl: string): SummaryQueue {
  return {
    receive: async () => {
      // A wait makes SQS ask all of its servers; without one, an answer may be empty although there are messages.
      // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
      const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
      const { Messages = [] } = await failing(client.send(command));
      return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ body: Body, receipt: ReceiptHandle }));
    },
    remove: async (messages) => {
      for (const batch of batchesOf(messages)) {
        const command = new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
        });
        const { Failed: [refused] = [] } = await failing(client.send(command));
        if (refused !== undefined) throw new FailureError('unavailable', `${refused.Code}: ${refused.Message ?? ''}`);
      }
    },
    put: async (bodies) => {
      const entries = bodies.map((MessageBody) => ({ MessageBody }));
      for (const batch of batchesOf(entries)) await sendBatch(client, queueUrl, batch);
    },
  };
}
