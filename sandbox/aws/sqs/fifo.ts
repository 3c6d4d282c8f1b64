import { createHash } from 'node:crypto';
import { ApiError } from '../wire/errors.ts';
import type { FifoIds, Message } from './message.ts';
import type { FifoSettings } from './settings.ts';

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html
const DEDUPLICATION_MS = 300_000;
const ID = /^[\x21-\x7e]{1,128}$/;
const SUFFIX = '.fifo';

export const isFifoName = (name: string): boolean => name.endsWith(SUFFIX);

/** Refuses a name or a dead-letter queue that does not match the type of the queue. */
export function checkQueue(name: string, fifo: FifoSettings | undefined, deadLetterArn: string | undefined): void {
  const plain = fifo === undefined ? name : name.slice(0, -SUFFIX.length);
  if (name.length > 80 || !/^[\w-]+$/.test(plain) || (fifo !== undefined && !isFifoName(name))) {
    const form = 'only include alphanumeric characters, hyphens, or underscores';
    throw invalid(
      fifo === undefined
        ? `Can ${form}. 1 to 80 in length: ${name}`
        : `The name of a FIFO queue can ${form}, must end with .fifo suffix and be 1 to 80 in length: ${name}`,
    );
  }
  if (deadLetterArn !== undefined && isFifoName(deadLetterArn) !== (fifo !== undefined)) {
    throw invalid(
      `Value ${deadLetterArn} for parameter RedrivePolicy is invalid. ` +
        `Reason: Dead-letter queue must be same type of queue as the source: ${name}`,
    );
  }
}

/** Refuses a deduplication id. A standard queue accepts a group id: it makes it a fair queue. */
export function checkStandard({ groupId, deduplicationId }: Partial<FifoIds>): void {
  checkForm('MessageGroupId', groupId);
  if (deduplicationId !== undefined) throw wrongType('MessageDeduplicationId', deduplicationId);
}

/** The group id and the deduplication id of a message for a FIFO queue. */
export function fifoIds(
  { contentBasedDeduplication }: FifoSettings,
  body: string,
  { groupId, deduplicationId, delaySeconds = 0 }: Partial<FifoIds> & { readonly delaySeconds?: number },
): FifoIds {
  // Only the queue has a delay. That SQS accepts 0 in a message is not documented.
  if (delaySeconds !== 0) throw wrongType('DelaySeconds', String(delaySeconds));
  if (groupId === undefined || groupId === '') {
    throw new ApiError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  }
  checkForm('MessageGroupId', groupId);
  checkForm('MessageDeduplicationId', deduplicationId);
  if (deduplicationId === undefined && !contentBasedDeduplication) {
    throw invalid(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  return { groupId, deduplicationId: deduplicationId ?? createHash('sha256').update(body).digest('hex') };
}

function checkForm(name: string, value: string | undefined): void {
  if (value === undefined || ID.test(value)) return;
  const form = `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`;
  throw invalid(`Value ${value} for parameter ${name} is invalid. Reason: ${form}`);
}

const wrongType = (name: string, value: string): ApiError =>
  invalid(
    `Value ${value} for parameter ${name} is invalid. ` +
      'Reason: The request include parameter that is not valid for this queue type.',
  );

const invalid = (message: string): ApiError => new ApiError('InvalidParameterValue', message);

/**
 * Finds duplicates.
 *
 * SQS accepts but drops one within five minutes, even if the first message was deleted.
 */
export class Deduplication {
  readonly #scope: FifoSettings['deduplicationScope'];
  readonly #sent = new Map<string, { readonly message: Message; readonly until: number }>();

  public constructor({ deduplicationScope }: FifoSettings) {
    this.#scope = deduplicationScope;
  }

  /** The message that was sent under this id. */
  public find(ids: FifoIds, now: number): Message | undefined {
    for (const [key, { until }] of this.#sent) {
      if (until > now) break; // entries are in order of time
      this.#sent.delete(key);
    }
    return this.#sent.get(this.#key(ids))?.message;
  }

  public remember(ids: FifoIds, message: Message, now: number): void {
    this.#sent.set(this.#key(ids), { message, until: now + DEDUPLICATION_MS });
  }

  #key({ groupId, deduplicationId }: FifoIds): string {
    return this.#scope === 'messageGroup' ? `${groupId} ${deduplicationId}` : deduplicationId;
  }
}

const FIRST_SEQUENCE_NUMBER = 18_849_496_460_467_695_616n;
const SEQUENCE_STEP = 256n;

/** Sequence numbers of SQS are large and increase, but not by one. */
export const sequenceNumber = (count: number): string => String(FIRST_SEQUENCE_NUMBER + BigInt(count) * SEQUENCE_STEP);

/** The messages that can be received, in order: none of a group that has a message in flight. */
export function receivableInOrder(
  all: readonly Message[],
  isVisible: (message: Message) => boolean,
): readonly Message[] {
  const inFlight = all.filter((message) => message.receiveCount > 0 && !isVisible(message));
  const blockedGroups = new Set(inFlight.map(({ groupId }) => groupId));
  return all.filter((message) => isVisible(message) && !blockedGroups.has(message.groupId));
}
