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
  return {
    delaySeconds: number('DelaySeconds', delaySeconds),
    visibilityTimeout: number('VisibilityTimeout', visibilityTimeout),
    retentionSeconds: number('MessageRetentionPeriod', retentionSeconds),
    redrive: redriveOf(text(attributes, 'RedrivePolicy')),
    fifo: fifoSettings(attributes),
  };
}

/** An empty value removes the redrive policy. */
function redriveOf(json: string | undefined): QueueSettings['redrive'] {
  const policy: unknown = JSON.parse(json === undefined || json === '' ? '{}' : json);
  const deadLetterArn = text(policy, 'deadLetterTargetArn');
  if (deadLetterArn === undefined) return undefined;
  return { deadLetterArn, maxReceiveCount: Number(text(policy, 'maxReceiveCount')) };
}

/** Changes the attributes that SetQueueAttributes names. */
export function setAttributes(queue: Queue, attributes: unknown): void {
  const { redrive, ...times } = settingsOf(attributes);
  const named = (name: string) => text(attributes, name) !== undefined;
  const { delaySeconds, visibilityTimeout, retentionSeconds } = queue.settings;
  queue.settings = {
    ...queue.settings,
    delaySeconds: named('DelaySeconds') ? times.delaySeconds : delaySeconds,
    visibilityTimeout: named('VisibilityTimeout') ? times.visibilityTimeout : visibilityTimeout,
    retentionSeconds: named('MessageRetentionPeriod') ? times.retentionSeconds : retentionSeconds,
    redrive: named('RedrivePolicy') ? redrive : queue.settings.redrive,
  };
  // An empty value removes the policy.
  if (named('Policy')) queue.policy = text(attributes, 'Policy') === '' ? undefined : text(attributes, 'Policy');
}

export function attributesOf(queue: Queue, now: number): Record<string, string> {
  const messages = queue.messages();
  const hidden = messages.filter(({ visibleAt }) => visibleAt > now);
  const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0);
  const { redrive, fifo } = queue.settings;
  return {
    QueueArn: queue.arn,
    ...(queue.policy === undefined ? {} : { Policy: queue.policy }),
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
