import {
  CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import type { Template } from '../../../sandbox/aws/cloudformation/template.ts';
import { templateOf } from '../stack.ts';
import { FIXTURE, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const template: Template = {
  ...templateOf(),
  Description: 'a test',
  Parameters: { Scenario: { Default: 'prod' } },
  Outputs: {
    TopicArn: { Value: { Ref: 'TopicBBBBBBBB' }, Description: 'Where eventLog go', Export: { Name: 'eventLog' } },
    QueueUrl: { Value: { Ref: 'WorkQueue11111111' } },
  },
};

async function setUp(resources: Template['Resources'] = template.Resources) {
  const sandbox = await sandboxOf({
    stacks: [{ template: { ...template, Resources: resources }, name: 'Local' }],
    regions: ['us-east-1', 'eu-west-1'],
    bundles: FIXTURE,
  });
  const clientOf = (region: string) => new CloudFormationClient({ ...sandbox.client({ region }), maxAttempts: 1 });
  return { sandbox, client: clientOf('us-east-1'), elsewhere: clientOf('eu-west-1') };
}

test('a stack with its outputs', async () => {
  const { sandbox, client, elsewhere } = await setUp();
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: 'Local' }));
  expect(Stacks).toEqual([
    expect.objectContaining({
      StackId: 'arn:aws:cloudformation:us-east-1:111122223333:stack/Local/local',
      StackName: 'Local',
      Description: 'a test',
      StackStatus: 'CREATE_COMPLETE',
      CreationTime: expect.any(Date),
      Parameters: [{ ParameterKey: 'Scenario', ParameterValue: 'prod' }],
      Outputs: [
        {
          OutputKey: 'TopicArn',
          OutputValue: sandbox.topic('Topic').arn,
          Description: 'Where eventLog go',
          ExportName: 'eventLog',
        },
        { OutputKey: 'QueueUrl', OutputValue: sandbox.queues.url(sandbox.queue('WorkQueue')) },
      ],
    }),
  ]);
  expect((await client.send(new DescribeStacksCommand({ StackName: Stacks[0]?.StackId }))).Stacks).toEqual(Stacks);
  expect((await client.send(new DescribeStacksCommand({}))).Stacks).toEqual(Stacks);
  expect((await elsewhere.send(new DescribeStacksCommand({}))).Stacks).toEqual([]);
});

test('its resources, by the names that other services know them by', async () => {
  const { sandbox, client } = await setUp();
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: 'Local' }));
  const physicalIds = StackResources.map((item) => [item.LogicalResourceId, item.PhysicalResourceId] as const);
  expect(new Map(physicalIds)).toEqual(
    new Map([
      ...new Map(physicalIds),
      ['TopicBBBBBBBB', sandbox.topic('Topic').arn],
      ['WorkQueue11111111', sandbox.queues.url(sandbox.queue('WorkQueue'))],
      ['Function22222222', 'Local-Function22222222'],
      ['LaunchRule33333333', 'Local-LaunchRule33333333'],
      ['Alarm', 'Local-Alarm'],
    ]),
  );

  const LogicalResourceId = 'Function22222222';
  const one = await client.send(new DescribeStackResourceCommand({ StackName: 'Local', LogicalResourceId }));
  expect(one.StackResourceDetail).toMatchObject({
    PhysicalResourceId: 'Local-Function22222222',
    ResourceType: 'AWS::Lambda::Function',
    ResourceStatus: 'CREATE_COMPLETE',
  });
  const PhysicalResourceId = 'Local-Function22222222';
  const owner = await client.send(new DescribeStackResourcesCommand({ PhysicalResourceId, LogicalResourceId }));
  expect(owner.StackResources).toMatchObject([{ StackName: 'Local', LogicalResourceId }]);
});

test('many resources come in pages', async () => {
  const roles = Array.from({ length: 230 }, (_, index) => [`Role${index}`, { Type: 'AWS::IAM::Role' }] as const);
  const { client } = await setUp({ ...Object.fromEntries(roles), ...template.Resources });
  const names: unknown[] = [];
  let pages = 0;
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName: 'Local' })) {
    names.push(...StackResourceSummaries.map((item) => item.LogicalResourceId));
    pages++;
  }
  const all = Object.keys(template.Resources ?? {}).length + roles.length;
  expect([names.length, new Set(names).size, pages]).toEqual([all, all, 3]);
});

test('what is not there', async () => {
  const { client, elsewhere } = await setUp();
  const NOT_THERE = ['ValidationError', 400];
  const StackName = 'Local';
  expect(await refusal(client.send(new DescribeStacksCommand({ StackName: 'Other' })))).toEqual(NOT_THERE);
  expect(await refusal(elsewhere.send(new DescribeStacksCommand({ StackName })))).toEqual(NOT_THERE);
  expect(await refusal(client.send(new ListStackResourcesCommand({ StackName: 'Other' })))).toEqual(NOT_THERE);
  const LogicalResourceId = 'Nowhere';
  expect(await refusal(client.send(new DescribeStackResourceCommand({ StackName, LogicalResourceId })))).toEqual(
    NOT_THERE,
  );
  await expect(client.send(new DescribeStacksCommand({ StackName: 'Other' }))).rejects.toThrow(
    'Stack with id Other does not exist',
  );
});
