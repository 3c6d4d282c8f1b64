import { ApiError } from '../wire/errors.ts';
import { text } from '../wire/params.ts';
import type { Queue } from './queue.ts';
import { DEFAULT_QUEUE, type FifoSettings, type QueueSettings } from './settings.ts';

/** FIFO settings in the attributes of CreateQueue or the properties of a template, if there are any. */
export function fifoSettings(attributes: unknown): FifoSettings | undefined {
  const [fifo, contentBased] = [text(attributes, 'FifoQueue'), text(attributes, 'ContentBasedDeduplication')];
  if (fifo !== 'true') {
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html: `FifoQueue` cannot be `false`
    const unknown =
      fifo !== undefined ? 'FifoQueue' : contentBased === 'true' ? 'ContentBasedDeduplication' : undefined;
    if (unknown !== undefined) throw new ApiError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
    return undefined;
  }
  const deduplicationScope = text(attributes, 'DeduplicationScope') === 'messageGroup' ? 'messageGroup' : 'queue';
  return { contentBasedDeduplication: contentBased === 'true', deduplicationScope };
}

/** Settings in the attributes of CreateQueue. Other attributes are ignored. */
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
  const hidden = messages.filter(({ visibleAt }) => visibleAt > now);
  const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0);
  const { redrive, fifo } = queue.settings;
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed.length),
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
