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

/** Further calls for entries that SQS did not accept. The SDK repeats a call that fails as a whole. */
const RESENDS = 2;

/**
 * Sends up to ten entries. Entries that SQS did not accept are sent again, unless it refused them as the sender's
 * fault.
 *
 * @throws FailureError if any of the entries was not accepted.
 */
export async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  entries: readonly Omit<SendMessageBatchRequestEntry, 'Id'>[],
): Promise<void> {
  let pending = entries.map((entry, index) => ({ Id: String(index), ...entry }));
  let failure: FailureError | undefined;
  for (let call = 0; call <= RESENDS && pending.length > 0; call += 1) {
    const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: pending });
    const { Failed = [] } = await failing(client.send(command));
    const ids = new Set<string>();
    for (const { Id = '', Code, Message, SenderFault } of Failed) {
      if (SenderFault !== true) ids.add(Id);
      if (failure?.kind !== 'invalid') {
        failure = new FailureError(SenderFault === true ? 'invalid' : 'unavailable', `${Code}: ${Message ?? ''}`);
      }
    }
    pending = pending.filter(({ Id }) => ids.has(Id));
  }
  if (failure !== undefined && (failure.kind === 'invalid' || pending.length > 0)) throw failure;
}
