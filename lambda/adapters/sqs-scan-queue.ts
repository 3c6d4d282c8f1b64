import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ScanQueue } from '../app/ports.ts';
import { toScanMessage } from '../triggers/scan.ts';
import { batchesOf, sendBatch } from './sqs-batches.ts';

/**
 * Keeps the steps of scans on a FIFO queue, where a region is a group. Needs `sqs:SendMessage`.
 *
 * The queue deduplicates by content: a call that is made again after its answer was lost adds nothing, and a batch that holds
 * something else than the one of that name before is not taken for it.
 */
export function sqsScanQueue(client: SQSClient, queueUrl: string): ScanQueue {
  return {
    put: async (steps) => {
      const entries = steps.map((step) => ({
        MessageBody: JSON.stringify(toScanMessage(step)),
        MessageGroupId: step.region,
      }));
      // One after the other: the order within a group is that of sending.
      for (const batch of batchesOf(entries)) await sendBatch(client, queueUrl, batch);
    },
  };
}
