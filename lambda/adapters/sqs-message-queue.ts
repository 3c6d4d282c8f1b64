import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { MessageQueue } from '../app/ports/index.ts';
import { failing, refusedOf } from './failures.ts';
import { batchesOf, sendEntries } from './sqs-batches.ts';

/** Calls at the same time. */
const CONCURRENCY = 10;

/** A queue that is read without an event source mapping. Needs `sqs:ReceiveMessage`, `sqs:DeleteMessage` and `sqs:SendMessage`. */
export function sqsMessageQueue(client: SQSClient, queueUrl: string): MessageQueue {
  return {
    receive: async () => {
      // A wait makes SQS ask all of its servers; without one, an answer may be empty although there are messages.
      // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
      const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
      const { Messages = [] } = await failing(client.send(command));
      return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ body: Body, receipt: ReceiptHandle }));
    },
    remove: (messages) =>
      refusedOf(
        batchesOf(messages),
        async (batch) => {
          const Entries = batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
          const command = new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries });
          const { Failed = [] } = await failing(client.send(command));
          return Failed.flatMap(({ Id }) => batch[Number(Id)] ?? []);
        },
        CONCURRENCY,
      ),
    put: async (bodies) => {
      const batches = batchesOf(bodies.map((MessageBody) => ({ MessageBody })));
      const send = async (batch: readonly { readonly MessageBody: string }[]) =>
        (await sendEntries(client, queueUrl, batch)).refused;
      const refused = await refusedOf(batches, send, CONCURRENCY);
      return refused.map(({ MessageBody }) => MessageBody);
    },
  };
}
