import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ScanQueue } from '../app/ports/index.ts';
import { toScanMessage } from '../triggers/scan.ts';
import { batchesOf, sendBatch } from './sqs-batches.ts';

/**
 * Sends the steps of scans to a FIFO queue with one message group per region. Needs `sqs:SendMessage`.
 *
 * The queue deduplicates by content: a call that is repeated because its response was lost adds nothing, while a batch
 * with other instances than the previous batch of the same index is a new message.
 */
export function sqsScanQueue(client: SQSClient, queueUrl: string): ScanQueue {
  return {
    put: async (steps) => {
      const entries = steps.map((step) => ({
        MessageBody: JSON.stringify(toScanMessage(step)),
        MessageGroupId: step.region,
      }));
      // In sequence, because messages of a group are delivered in the order in which they were sent.
      for (const batch of batchesOf(entries)) await sendBatch(client, queueUrl, batch);
    },
  };
}
