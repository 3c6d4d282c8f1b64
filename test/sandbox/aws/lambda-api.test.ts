import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { templateOf } from '../stack.ts';
import { FIXTURE, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

async function setUp(mapping = {}) {
  const stacks = [{ template: templateOf({ mapping }), name: 'Local' }];
  const sandbox = await sandboxOf({ stacks, bundles: FIXTURE, regions: ['us-east-1', 'eu-west-1'] });
  const clientOf = (region: string) => new LambdaClient({ ...sandbox.client({ region }), maxAttempts: 1 });
  return { sandbox, client: clientOf('us-east-1'), otherRegion: clientOf('eu-west-1') };
}

const NAME = 'Local-Function22222222';
const ARN = `arn:aws:lambda:us-east-1:111122223333:function:${NAME}`;
const NOT_FOUND = ['ResourceNotFoundException', 404];

test('returns a function by name or ARN', async () => {
  const { client, otherRegion } = await setUp();
  const configuration = await client.send(new GetFunctionConfigurationCommand({ FunctionName: NAME }));
  expect(configuration).toMatchObject({
    FunctionName: NAME,
    FunctionArn: ARN,
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::111122223333:role/Local-FunctionRole',
    Handler: 'function.handler',
    Timeout: 60,
    MemorySize: 128,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${NAME}` },
    Environment: { Variables: { BEHAVIOUR: 'remediate' } },
  });
  const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: ARN }));
  expect(Configuration).toMatchObject({ FunctionArn: ARN, CodeSha256: configuration.CodeSha256 });

  expect(await refusal(client.send(new GetFunctionCommand({ FunctionName: 'other' })))).toEqual(NOT_FOUND);
  expect(await refusal(otherRegion.send(new GetFunctionCommand({ FunctionName: NAME })))).toEqual(NOT_FOUND);
});

test('returns event source mappings', async () => {
  const { sandbox, client, otherRegion } = await setUp();
  const mappings = async (input: object) =>
    (await client.send(new ListEventSourceMappingsCommand(input))).EventSourceMappings;
  const all = await mappings({});
  expect(all).toEqual([
    {
      UUID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      EventSourceArn: sandbox.queue('WorkQueue').arn,
      FunctionArn: ARN,
      State: 'Enabled',
      StateTransitionReason: 'USER_INITIATED',
      LastModified: expect.any(Date),
      BatchSize: 200,
      MaximumBatchingWindowInSeconds: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    },
  ]);
  const { resources = [] } = sandbox.deployments[0]?.stack ?? {};
  expect(all?.[0]?.UUID).toBe(resources.find(({ logicalId }) => logicalId === 'Mapping')?.physicalId);
  expect(await mappings({ FunctionName: NAME })).toEqual(all);
  expect(await mappings({ FunctionName: ARN, EventSourceArn: sandbox.queue('WorkQueue').arn })).toEqual(all);
  expect(await mappings({ EventSourceArn: sandbox.queue('DeadLetterQueue').arn })).toEqual([]);
  expect((await otherRegion.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings).toEqual([]);
});

test('a disabled event source mapping is returned, but receives no messages', async () => {
  const { sandbox, client } = await setUp({ Enabled: false });
  const { EventSourceMappings } = await client.send(new ListEventSourceMappingsCommand({}));
  expect(EventSourceMappings).toMatchObject([{ State: 'Disabled' }]);
  sandbox.queue('WorkQueue').send('{}');
  await sandbox.idle();
  expect([sandbox.queue('WorkQueue').size, sandbox.invocations]).toEqual([1, []]);
});
