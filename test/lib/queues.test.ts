import type { Trail } from '../../lambda/contract.ts';
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
const [deadLetterQueueId, deadLetterQueue] = theOne<Queue>(template, 'AWS::SQS::Queue', 'EnforcerDeadLetterQueue');

test('every queue is encrypted and requires TLS', () => {
  const queues = resources<Queue>(template, 'AWS::SQS::Queue');
  expect(Object.keys(queues)).toHaveLength(4);
  expect(Object.values(queues).every((queue) => queue.SqsManagedSseEnabled)).toBe(true);
  const tlsOnly = statements(template.findResources('AWS::SQS::QueuePolicy'))
    .filter(({ Effect, Condition }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false')
    .map(({ Resource }) => Resource);
  expect(tlsOnly).toHaveLength(4);
});

test('the dead-letter queue belongs to the work queue, so that SQS can redrive it', () => {
  expect(workQueue.RedrivePolicy).toEqual({
    deadLetterTargetArn: { 'Fn::GetAtt': [deadLetterQueueId, 'Arn'] },
    maxReceiveCount: 5,
  });
  expect(deadLetterQueue.RedrivePolicy).toBeUndefined();
});

test('the dead-letter queue has the longest retention', () => {
  expect(deadLetterQueue.MessageRetentionPeriod).toBe(14 * DAY);
  expect(workQueue.MessageRetentionPeriod).toBeGreaterThanOrEqual(4 * DAY);
  expect(workQueue.MessageRetentionPeriod).toBeLessThan(deadLetterQueue.MessageRetentionPeriod);
});

test.each<[Trail, number]>([
  ['existing', 90],
  ['create', 90],
  ['none', 15],
])('trail=%s delays the work queue by %d seconds', (trail, seconds) => {
  expect(theOne<Queue>(templateOf({ trail }), 'AWS::SQS::Queue', 'EnforcerWorkQueue')[1].DelaySeconds).toBe(seconds);
});

test('the function receives batches and reports failed items', () => {
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    EventSourceArn: { 'Fn::GetAtt': [workQueueId, 'Arn'] },
    FunctionName: { Ref: theOne(template, 'AWS::Lambda::Function', 'EnforcerFunction')[0] },
    BatchSize: 200,
    MaximumBatchingWindowInSeconds: 10,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 2 },
  });
});

test('the visibility timeout is at least six times the function timeout plus the batch window', () => {
  const [, { Timeout }] = theOne<{ Timeout: number }>(template, 'AWS::Lambda::Function', 'EnforcerFunction');
  const [, { MaximumBatchingWindowInSeconds: window }] = theOne<{ MaximumBatchingWindowInSeconds: number }>(
    template,
    'AWS::Lambda::EventSourceMapping',
    'EnforcerWorkQueue',
  );
  expect(workQueue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * Timeout + window);
});
