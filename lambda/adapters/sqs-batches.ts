import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import { FailureError } from '../core/failure.ts';
import { failing } from './failures.ts';

/** Messages one call takes. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const BATCH = 10;

/** Entries in the calls it takes to send them. */
export function batchesOf<T>(entries: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(entries.length / BATCH) }, (_, index) =>
    entries.slice(index * BATCH, (index + 1) * BATCH),
  );
}

/** @throws FailureError if any of the entries, of which there are ten at most, was not accepted. */
export async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  entries: readonly Omit<SendMessageBatchRequestEntry, 'Id'>[],
): Promise<void> {
  const command = new SendMessageBatchCommand({
    QueueUrl: queueUrl,
    Entries: entries.map((entry, index) => ({ Id: String(index), ...entry })),
  });
  // A batch that is accepted can still hold entries that are not.
  const { Failed: [refused] = [] } = await failing(client.send(command));
  if (refused !== undefined) throw new FailureError('unavailable', `${refused.Code}: ${refused.Message ?? ''}`);
}
