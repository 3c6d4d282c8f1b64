import { statSync } from 'node:fs';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Template } from '../../../sandbox/aws/cloudformation/template.ts';
import { TemplateError } from '../../../sandbox/aws/cloudformation/template.ts';
import { fifoTemplate, getArn, templateOf, type TemplateOptions } from '../stack.ts';
import { FIXTURE, READER, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const deploy = (template: Template, bundles: string | Record<string, string> = FIXTURE) =>
  sandboxOf({ stacks: [{ template, name: 'Local' }], bundles });

/** The template with changed properties of one resource. */
function changed(id: string, properties: object, options: TemplateOptions = {}): Template {
  const { Resources = {} } = templateOf(options);
  const resource = Resources[id] ?? { Type: 'none' };
  return { Resources: { ...Resources, [id]: { ...resource, Properties: { ...resource.Properties, ...properties } } } };
}

/** A schedule with a FIFO queue as target, with changed properties. */
const scheduled = (rule: object, target: object = { SqsParameters: { MessageGroupId: 'g' } }, queue: object = {}) =>
  fifoTemplate({ rule: { ...rule, Targets: [{ Id: 'T', Arn: getArn('Steps'), ...target }] }, queue });

test('resources have names, ARNs and URLs of the local AWS', async () => {
  const sandbox = await deploy(templateOf());
  expect(sandbox.queue('WorkQueue').arn).toBe('arn:aws:sqs:us-east-1:111122223333:Local-WorkQueue11111111');
  expect(sandbox.queue('DeadLetterQueue')).toBe(sandbox.queue('DeadLetterQueueAAAAAAAA'));
  expect(sandbox.topic('Topic').arn).toBe('arn:aws:sns:us-east-1:111122223333:Local-TopicBBBBBBBB');
  expect(sandbox.queues.url(sandbox.queue('WorkQueue'))).toBe(
    `${sandbox.endpoint}/us-east-1/111122223333/Local-WorkQueue11111111`,
  );
  expect(sandbox.queue('WorkQueue').settings).toEqual({
    delaySeconds: 15,
    visibilityTimeout: 400,
    retentionSeconds: 345_600,
    redrive: { deadLetterArn: sandbox.queue('DeadLetterQueue').arn, maxReceiveCount: 2 },
  });
  expect(sandbox.bus.rules().map(({ name, targets }) => [name, targets[0]?.retry.maximumRetryAttempts])).toEqual([
    ['Local-LaunchRule33333333', 2],
    ['Local-RunningRule44444444', 2],
  ]);
  expect(() => sandbox.queue('Other')).toThrow(TemplateError);
});

test.each<[what: string, template: Template, message: RegExp]>([
  [
    'an unsupported intrinsic function',
    changed('TopicBBBBBBBB', { DisplayName: { 'Fn::ImportValue': 'x' } }),
    /TopicBBBBBBBB\.DisplayName: .*Fn::ImportValue/,
  ],
  [
    'a reference to a resource that does not exist',
    changed('WorkQueue11111111', { QueueName: { Ref: 'Nowhere' } }),
    /WorkQueue11111111\.QueueName: there is no resource Nowhere/,
  ],
  [
    'an unsupported attribute',
    changed('WorkQueue11111111', { QueueName: { 'Fn::GetAtt': ['TopicBBBBBBBB', 'Colour'] } }),
    /no attribute Colour of TopicBBBBBBBB/,
  ],
  [
    'a FIFO queue with a standard dead-letter queue',
    changed('WorkQueue11111111', { FifoQueue: true }),
    /must be same type of queue/,
  ],
  [
    'an event pattern with an unknown operator',
    changed('RunningRule44444444', { EventPattern: { a: [{ like: 'x' }] } }),
    /unrecognized match type "like"/,
  ],
  [
    'an input transformer',
    changed('RunningRule44444444', { Targets: [{ Arn: 'arn:aws:sqs:x', InputTransformer: { InputTemplate: 'x' } }] }),
    /InputTransformer/,
  ],
  [
    'a function as target of a rule',
    changed('RunningRule44444444', { Targets: [{ Arn: getArn('Function22222222') }] }),
    /only queues and event buses are supported, not arn:aws:lambda:/,
  ],
  [
    'a visibility timeout below that of the function',
    templateOf({ queue: { VisibilityTimeout: 30 } }),
    /visibility timeout/,
  ],
  ['a large batch without window', templateOf({ mapping: { MaximumBatchingWindowInSeconds: 0 } }), /batching window/],
  [
    'a mapping with a maximum concurrency of 1',
    templateOf({ mapping: { ScalingConfig: { MaximumConcurrency: 1 } } }),
    /2 to 1000/,
  ],
  ['a schedule that does not run every day', scheduled({ ScheduleExpression: 'cron(0 6 ? * MON *)' }), /every day/],
  ['a FIFO target without group', scheduled({}, {}), /SqsParameters\.MessageGroupId/],
  [
    'a FIFO target without content-based deduplication',
    scheduled({}, { SqsParameters: { MessageGroupId: 'g' } }, { ContentBasedDeduplication: false }),
    /content-based deduplication/,
  ],
  [
    'a FIFO dead-letter queue of a rule',
    scheduled({}, { DeadLetterConfig: { Arn: getArn('Steps') } }),
    /dead-letter queue must be a standard one/,
  ],
  [
    'a batching window of a FIFO queue',
    fifoTemplate({ mapping: { MaximumBatchingWindowInSeconds: 5 } }),
    /FIFO queue has .* no batching window/,
  ],
  ['a mapping with filter criteria', templateOf({ mapping: { FilterCriteria: {} } }), /FilterCriteria/],
  [
    'a rule without permission to send to its dead-letter queue',
    templateOf({ without: ['QueuePolicy'] }),
    /may not send to its dead-letter queue/,
  ],
])('refuses %s', async (_what, template, message) => {
  await expect(deploy(template)).rejects.toThrow(message);
});

test('refuses an event source mapping whose function has no bundle', async () => {
  await expect(deploy(templateOf(), {})).rejects.toThrow(/no bundle was given for Local-Function22222222/);
});

test('an event without permission for the target is sent to the dead-letter queue', async () => {
  // The queue policy does not name this queue.
  const queue = { Type: 'AWS::SQS::Queue' };
  const target = { Id: 'T', Arn: getArn('OtherQueue'), DeadLetterConfig: { Arn: getArn('DeadLetterQueueAAAAAAAA') } };
  const { Resources = {} } = changed('LaunchRule33333333', { Targets: [target] });
  const sandbox = await deploy({ Resources: { ...Resources, OtherQueue: queue } });
  sandbox.bus.put({
    version: '0',
    id: 'event-1',
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.ec2',
    account: sandbox.account,
    time: '2026-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: { eventName: 'RunInstances' },
  });
  await sandbox.idle();
  expect(sandbox.invocations).toEqual([]);
  expect(sandbox.queue('DeadLetterQueue').messages()[0]?.attributes['ERROR_CODE']?.StringValue).toBe('NO_PERMISSIONS');
});

test('resolves parameters, joins, substitutions and splits', async () => {
  const name = {
    'Fn::Join': [
      '-',
      [
        { Ref: 'Prefix' },
        { 'Fn::Sub': ['${AWS::Region}-${x}-${!y}', { x: { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b'] }] } }] },
      ],
    ],
  };
  const template = changed('TopicBBBBBBBB', { DisplayName: name });
  const sandbox = await deploy({ ...template, Parameters: { Prefix: { Default: 'p' } } });
  expect(sandbox.topic('Topic').displayName).toBe('p-us-east-1-b-${y}');
});

describe('functions and queues of nested constructs', () => {
  const at = (path: string) => ({ Metadata: { 'aws:cdk:path': `Local/Enforcer/${path}/Resource` } });
  const template = (): Template => {
    const { Resources = {} } = templateOf({ without: ['Mapping'] });
    const { Function22222222: outer, DeadLetterQueueAAAAAAAA: deadLetterQueue } = Resources;
    if (outer === undefined || deadLetterQueue === undefined) throw new Error('the template changed');
    return {
      Resources: {
        ScanFunction55555555: { ...outer, ...at('Scan/Function') },
        ScanDeadLetterQueue66666666: { ...deadLetterQueue, ...at('Scan/DeadLetterQueue') },
        ...Resources,
        Function22222222: { ...outer, ...at('Function') },
        DeadLetterQueueAAAAAAAA: { ...deadLetterQueue, ...at('DeadLetterQueue') },
      },
    };
  };

  test('each function runs its bundle', async () => {
    const all: Record<string, string>[] = [
      { Function: FIXTURE, 'Scan/Function': READER },
      { ScanFunction: READER, Function: FIXTURE },
      { ScanFunction55555555: READER, Function22222222: FIXTURE },
    ];
    for (const bundles of all) {
      const sandbox = await deploy(template(), bundles);
      const client = new LambdaClient(sandbox.client());
      const sizeOf = async (FunctionName: string) =>
        (await client.send(new GetFunctionConfigurationCommand({ FunctionName }))).CodeSize;
      expect(await sizeOf('Local-Function22222222')).toBe(statSync(FIXTURE).size);
      expect(await sizeOf('Local-ScanFunction55555555')).toBe(statSync(READER).size);
      client.destroy();
    }
  });

  test('an ambiguous name denotes the outermost construct', async () => {
    const sandbox = await deploy(template());
    expect(sandbox.queue('DeadLetterQueue').name).toBe('Local-DeadLetterQueueAAAAAAAA');
    expect(sandbox.queue('Scan/DeadLetterQueue').name).toBe('Local-ScanDeadLetterQueue66666666');
  });
});
