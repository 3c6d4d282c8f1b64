import { createHash } from 'node:crypto';

/** A message attribute as in the SQS API. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** The message group and the deduplication id of a message in a FIFO queue. */
export interface FifoIds {
  readonly groupId: string;
  readonly deduplicationId: string;
}

/** A message in a queue. Times are simulated milliseconds since 1970. */
export interface Message extends Partial<FifoIds> {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentAt: number;
  /** ARN of the queue that it was moved from, if it exceeded `maxReceiveCount` there. */
  readonly source?: string;
  readonly sequenceNumber?: string;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt?: number;
  receiptHandle?: string;
}

/** Options of SendMessage. */
export interface SendOptions extends Partial<FifoIds> {
  readonly attributes?: MessageAttributes;
  readonly delaySeconds?: number;
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
