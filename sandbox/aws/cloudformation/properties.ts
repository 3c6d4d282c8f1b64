import { DEFAULT_POLLER, type PollerSettings } from '../lambda/poller.ts';
import { DEFAULT_RETRY, type RetryPolicy } from '../eventbridge/rule.ts';
import { fifoSettings } from '../sqs/attributes.ts';
import { DEFAULT_QUEUE, type QueueSettings } from '../sqs/settings.ts';
import { at, text, texts } from '../wire/params.ts';
import { TemplateError } from './template.ts';

type Properties = Readonly<Record<string, unknown>>;

/** Settings in the properties of an `AWS::SQS::Queue`. */
export function queueSettings(properties: Properties): QueueSettings {
  const policy: unknown =
    typeof properties.RedrivePolicy === 'string' ? JSON.parse(properties.RedrivePolicy) : properties.RedrivePolicy;
  const deadLetterArn = text(policy, 'deadLetterTargetArn');
  const fifo = fifoSettings(properties);
  return {
    delaySeconds: whole(properties, 'DelaySeconds', DEFAULT_QUEUE.delaySeconds),
    visibilityTimeout: whole(properties, 'VisibilityTimeout', DEFAULT_QUEUE.visibilityTimeout),
    retentionSeconds: whole(properties, 'MessageRetentionPeriod', DEFAULT_QUEUE.retentionSeconds),
    ...(deadLetterArn === undefined
      ? {}
      : { redrive: { deadLetterArn, maxReceiveCount: Number(text(policy, 'maxReceiveCount')) } }),
    ...(fifo === undefined ? {} : { fifo }),
  };
}

/** Settings in the properties of an `AWS::Lambda::EventSourceMapping` of a queue. */
export function pollerSettings(properties: Properties, isFifo: boolean): PollerSettings {
  if (properties.FilterCriteria !== undefined) throw new TemplateError('FilterCriteria are not supported');
  const settings = {
    batchSize: whole(properties, 'BatchSize', DEFAULT_POLLER.batchSize),
    windowSeconds: whole(properties, 'MaximumBatchingWindowInSeconds', DEFAULT_POLLER.windowSeconds),
    partialFailures: texts(properties, 'FunctionResponseTypes').includes('ReportBatchItemFailures'),
    maxConcurrency: whole(at(properties, 'ScalingConfig'), 'MaximumConcurrency', DEFAULT_POLLER.maxConcurrency),
  };
  // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  if (isFifo && (settings.batchSize > 10 || settings.windowSeconds > 0)) {
    throw new TemplateError('a batch of a FIFO queue has at most 10 messages, and no batching window');
  }
  if (settings.maxConcurrency < 2 || settings.maxConcurrency > 1000) {
    throw new TemplateError(`MaximumConcurrency is from 2 to 1000, not ${settings.maxConcurrency}`);
  }
  if (settings.batchSize > 10 && settings.windowSeconds === 0) {
    throw new TemplateError('a batch of more than 10 messages needs a batching window of at least 1 second');
  }
  return settings;
}

/** The `RetryPolicy` of a target. */
export const retryPolicy = (target: unknown): RetryPolicy => ({
  maximumRetryAttempts: whole(at(target, 'RetryPolicy'), 'MaximumRetryAttempts', DEFAULT_RETRY.maximumRetryAttempts),
  maximumEventAgeSeconds: whole(
    at(target, 'RetryPolicy'),
    'MaximumEventAgeInSeconds',
    DEFAULT_RETRY.maximumEventAgeSeconds,
  ),
});

/** A whole number, which CloudFormation also accepts as a string. */
export function whole(properties: unknown, name: string, fallback: number): number {
  const value = text(properties, name);
  if (value === undefined) return fallback;
  if (!/^\d+$/.test(value)) throw new TemplateError(`${name} is not a whole number: ${value}`);
  return Number(value);
}
