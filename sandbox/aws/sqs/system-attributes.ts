import type { Message } from './message.ts';

/** One id for all senders: the local AWS does not record who sent a message. */
const SENDER_ID = 'AIDAEXAMPLESENDER';

/** The attributes that SQS adds to a message, in ReceiveMessage and in the event of a function. */
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
