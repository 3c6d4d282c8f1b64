import type { Message } from './queue.ts';

/** Dummy unique id: senders are not told apart. */
const SENDER_ID = 'AIDAEXAMPLESENDER';

/** What SQS adds to a message; the event of a function has the same. */
export const systemAttributes = ({
  sentAt,
  receiveCount,
  firstReceivedAt,
  source,
  groupId,
  deduplicationId,
  sequenceNumber,
}: Message): Record<string, string> => ({
  ApproximateReceiveCount: String(receiveCount),
  SentTimestamp: String(sentAt),
  SenderId: SENDER_ID,
  ApproximateFirstReceiveTimestamp: String(firstReceivedAt ?? ''),
  ...(source === undefined ? {} : { DeadLetterQueueSourceArn: source }),
  ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
  ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
  ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
});
