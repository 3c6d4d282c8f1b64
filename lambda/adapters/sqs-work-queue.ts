import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import type { WorkQueue } from '../app/ports.ts';
import { FailureError } from '../core/failure.ts';
import { toUnsent } from '../core/unsent.ts';
import { failing } from './failures.ts';

/** Messages one call takes. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const BATCH = 10;

/** Keeps things on the work queue. Needs `sqs:SendMessage`. */
export function sqsWorkQueue(client: SQSClient, queueUrl: string): WorkQueue {
  return {
    putSightings: async (sightings) => {
      const batches = Array.from({ length: Math.ceil(sightings.length / BATCH) }, (_, index) =>
        sightings.slice(index * BATCH, (index + 1) * BATCH),
      );
      await pMap(
        batches,
        async (batch) => {
          const command = new SendMessageBatchCommand({
            QueueUrl: queueUrl,
            // The queue's own delay waits for a CloudTrail record; a sighting has nothing to wait for.
            Entries: batch.map((sighting, index) => ({
              Id: String(index),
              MessageBody: JSON.stringify(sighting),
              DelaySeconds: 0,
            })),
          });
          // A batch that is accepted can still hold entries that are not.
          const { Failed: [refused] = [] } = await failing(client.send(command));
          if (refused !== undefined) throw new FailureError('unavailable', `${refused.Code}: ${refused.Message ?? ''}`);
        },
        { concurrency: 10 },
      );
    },
    putUnsent: async (message) => {
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(toUnsent(message)) });
      await failing(client.send(command));
    },
  };
}
