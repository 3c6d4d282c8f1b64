import { ApiError } from '../wire/errors.ts';
import { text } from '../wire/params.ts';
import type { FifoSettings } from './fifo.ts';
import { DEFAULT_QUEUE, type Queue, type QueueSettings } from './queue.ts';

/** What is special about a queue, read from the attributes of CreateQueue or the properties of a template. */
export function fifoSettings(attributes: unknown): FifoSettings | undefined {
  const [fifo, contentBased] = [text(attributes, 'FifoQueue'), text(attributes, 'ContentBasedDeduplication')];
  if (fifo !== 'true') {
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html: `false` is not a value of it
    const unknown =
      fifo !== undefined ? 'FifoQueue' : contentBased === 'true' ? 'ContentBasedDeduplication' : undefined;
    if (unknown !== undefined) throw new ApiError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    return undefined;
  }
  const deduplicationScope = text(attributes, 'DeduplicationScope') === 'messageGroup' ? 'messageGroup' : 'queue';
  return { contentBasedDeduplication: contentBased === 'true', deduplicationScope };
}

/** The attributes of CreateQueue; the others are left alone. */
export function settingsOf(attributes: unknown): QueueSettings {
  const number = (name: string, fallback: number) => {
    const value = Number(text(attributes, name) ?? fallback);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new ApiError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
  };
  const { delaySeconds, visibilityTimeout, retentionSeconds } = DEFAULT_QUEUE;
  const policy: unknown = JSON.parse(text(attributes, 'RedrivePolicy') ?? '{}');
  const deadLetterArn = text(policy, 'deadLetterTargetArn');
  return {
    delaySeconds: number('DelaySeconds', delaySeconds),
    visibilityTimeout: number('VisibilityTimeout', visibilityTimeout),
    retentionSeconds: number('MessageRetentionPeriod', retentionSeconds),
    redrive:
      deadLetterArn === undefined
        ? undefined
        : { deadLetterArn, maxReceiveCount: Number(text(policy, 'maxReceiveCount')) },
    fifo: fifoSettings(attributes),
  };
}

export function attributesOf(queue: Queue, now: number): Record<string, string> {
  const messages = queue.messages();
  const waiting = messages.filter(({ visibleAt }) => visibleAt > now);
  const delayed = waiting.filter(({ receiveCount }) => receiveCount === 0);
  const { redrive, fifo } = queue.settings;
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(messages.length - waiting.length),
    ApproximateNumberOfMessagesNotVisible: String(waiting.length - delayed.length),
    ApproximateNumberOfMessagesDelayed: String(delayed.length),
    DelaySeconds: String(queue.settings.delaySeconds),
    VisibilityTimeout: String(queue.settings.visibilityTimeout),
    MessageRetentionPeriod: String(queue.settings.retentionSeconds),
    ...(redrive === undefined
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: redrive.deadLetterArn,
            maxReceiveCount: redrive.maxReceiveCount,
          }),
        }),
    ...(fifo === undefined
      ? {}
      : {
          FifoQueue: 'true',
          ContentBasedDeduplication: String(fifo.contentBasedDeduplication),
          DeduplicationScope: fifo.deduplicationScope ?? 'queue',
          FifoThroughputLimit: 'perQueue',
        }),
  };
}
