/** Settings that only a FIFO queue has. */
export interface FifoSettings {
  readonly contentBasedDeduplication: boolean;
  /** Whether deduplication ids are unique in the queue or in a message group. @default 'queue' */
  readonly deduplicationScope?: 'queue' | 'messageGroup';
}

/** Settings of a queue; times in seconds, as in the template. */
export interface QueueSettings {
  readonly delaySeconds: number;
  readonly visibilityTimeout: number;
  readonly retentionSeconds: number;
  /** The dead-letter queue, and after how many receives a message is moved to it. */
  readonly redrive?: { readonly deadLetterArn: string; readonly maxReceiveCount: number };
  /** Absent for a standard queue. */
  readonly fifo?: FifoSettings;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
export const DEFAULT_QUEUE: QueueSettings = { delaySeconds: 0, visibilityTimeout: 30, retentionSeconds: 345_600 };
