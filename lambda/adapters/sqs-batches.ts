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

type Entry = Omit<SendMessageBatchRequestEntry, 'Id'>;

/**
 * Sends up to ten entries. Entries that SQS did not accept are sent again, unless it refused them as the sender's
 * fault.
 *
 * @returns the entries that SQS did not accept, and why; of kind `invalid` if one is the sender's fault.
 * @throws FailureError if a call failed.
 */
export async function sendEntries<T extends Entry>(
  client: SQSClient,
  queueUrl: string,
  entries: readonly T[],
): Promise<{ readonly refused: readonly T[]; readonly failure?: FailureError }> {
  const accepted = new Set<number>();
  let pending = entries.map((entry, index) => ({ Id: String(index), ...entry }));
  let failure: FailureError | undefined;
  for (let call = 0; call <= RESENDS && pending.length > 0; call += 1) {
    const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: pending });
    const { Failed = [] } = await failing(client.send(command));
    const retried = new Set<string>();
    pending.forEach(({ Id }) => accepted.add(Number(Id)));
    for (const { Id = '', Code, Message, SenderFault } of Failed) {
      accepted.delete(Number(Id));
      if (SenderFault !== true) retried.add(Id);
      if (failure?.kind !== 'invalid') {
        failure = new FailureError(SenderFault === true ? 'invalid' : 'unavailable', `${Code}: ${Message ?? ''}`);
      }
    }
    pending = pending.filter(({ Id }) => retried.has(Id));
  }
  const refused = entries.filter((_, index) => !accepted.has(index));
  return refused.length > 0 ? { refused, failure } : { refused };
}

/** Sends up to ten entries as `sendEntries` does. @throws FailureError if any of them was not accepted. */
export async function sendBatch(client: SQSClient, queueUrl: string, entries: readonly Entry[]): Promise<void> {
  const { failure } = await sendEntries(client, queueUrl, entries);
  if (failure !== undefined) throw failure;
}
