import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { FailureError } from '../core/failure.ts';
import { failing } from './failures.ts';

/**
 * The most messages that one call accepts.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
const BATCH = 10;

/** Splits entries into batches that one call accepts. */
export function batchesOf<T>(entries: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(entries.length / BATCH) }, (_, index) =>
    entries.slice(index * BATCH, (index + 1) * BATCH),
  );
}

/**
 * Sends up to ten entries in one call.
 *
 * @throws FailureError if any of the entries was not accepted.
 */
export async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  entries: readonly Omit<SendMessageBatchRequestEntry, 'Id'>[],
): Promise<void> {
  const command = new SendMessageBatchCommand({
    QueueUrl: queueUrl,
    Entries: entries.map((entry, index) => ({ Id: String(index), ...entry })),
  });
  // SQS may reject single entries of an accepted batch.
  const { Failed: [refused] = [] } = await failing(client.send(command));
  if (refused !== undefined) throw new FailureError('unavailable', `${refused.Code}: ${refused.Message ?? ''}`);
}
