import { deliveryOf, MAX_RECEIVES } from '../../lambda/core/delivery.ts';
import { resources, statements, templateOf, theOne } from './synth.ts';

interface Queue {
  readonly DelaySeconds?: number;
  readonly MessageRetentionPeriod: number;
  readonly VisibilityTimeout: number;
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: unknown; readonly maxReceiveCount: number };
  readonly SqsManagedSseEnabled: boolean;
}

const DAY = 24 * 3600;
const template = templateOf();
const [workQueueId, workQueue] = theOne<Queue>(template, 'AWS::SQS::Queue', 'EnforcerWorkQueue');
const [checkQueueId, checkQueue] = theOne<Queue>(template, 'AWS::SQS::Queue', 'EnforcerCheckQueue');
const [givenUpQueueId, givenUpQueue] = theOne<Queue>(template, 'AWS::SQS::Queue', 'EnforcerGivenUpQueue');
const [deadLetterQueueId, deadLetterQueue] = theOne<Queue>(template, 'AWS::SQS::Queue', 'EnforcerDeadLetterQueue');

test('every queue is encrypted and requires TLS', () => {
  const queues = resources<Queue>(template, 'AWS::SQS::Queue');
  expect(Object.keys(queues)).toHaveLength(9);
  expect(Object.values(queues).every((queue) => queue.SqsManagedSseEnabled)).toBe(true);
  const tlsOnly = statements(template.findResources('AWS::SQS::QueuePolicy'))
    .filter(({ Effect, Condition }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false')
    .map(({ Resource }) => Resource);
  expect(tlsOnly).toHaveLength(9);
});

test('what is given up is notified on its way to the dead-letter queue, from which SQS can redrive it', () => {
  const redrive = (id: string, maxReceiveCount: number) => ({
    deadLetterTargetArn: { 'Fn::GetAtt': [id, 'Arn'] },
    maxReceiveCount,
  });
  expect(workQueue.RedrivePolicy).toEqual(redrive(givenUpQueueId, MAX_RECEIVES));
  expect(givenUpQueue.RedrivePolicy).toEqual(redrive(deadLetterQueueId, 5));
  expect(checkQueue.RedrivePolicy).toEqual(redrive(deadLetterQueueId, MAX_RECEIVES));
  expect(deadLetterQueue.RedrivePolicy).toBeUndefined();
});

test('the dead-letter queue has the longest retention', () => {
  expect(deadLetterQueue.MessageRetentionPeriod).toBe(14 * DAY);
  // A message keeps its age, so a shorter retention would lose some on their way.
  expect(givenUpQueue.MessageRetentionPeriod).toBe(14 * DAY);
  expect(workQueue.MessageRetentionPeriod).toBeGreaterThanOrEqual(4 * DAY);
  expect(workQueue.MessageRetentionPeriod).toBeLessThan(deadLetterQueue.MessageRetentionPeriod);
});

test('no queue delays all of its messages, because launches share the work queue with running-state events', () => {
  const delays = Object.values(resources<Queue>(template, 'AWS::SQS::Queue')).map(({ DelaySeconds }) => DelaySeconds);
  expect(delays.filter((delay) => delay !== undefined)).toEqual([]);
});

test.each([
  ['work', workQueueId, workQueue, 1],
  ['check', checkQueueId, checkQueue, 60],
] as const)('the function receives batches of the %s queue and reports failed items', (_, id, queue, window) => {
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [id, 'Arn'] },
    FunctionName: { Ref: theOne(template, 'AWS::Lambda::Function', 'EnforcerFunction')[0] },
    BatchSize: 200,
    MaximumBatchingWindowInSeconds: window,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 2 },
  });
  const [, { Timeout }] = theOne<{ Timeout: number }>(template, 'AWS::Lambda::Function', 'EnforcerFunction');
  expect(queue.VisibilityTimeout).toBe(3 * Timeout + window);
});

test('a message is in the dead-letter queue within about an hour, and not before deliveryOf says so', () => {
  const hours = (MAX_RECEIVES * workQueue.VisibilityTimeout) / 3600;
  expect(hours).toBeGreaterThan(0.9);
  expect(hours).toBeLessThan(1.1);
  const earliest = new Date((MAX_RECEIVES - 1) * workQueue.VisibilityTimeout * 1000);
  expect(deliveryOf(1, new Date(0), earliest)).toBe('repeated');
});
