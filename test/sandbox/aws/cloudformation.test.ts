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
  Parameters: { Stage: { Default: 'prod' } },
  Outputs: {
    TopicArn: { Value: { Ref: 'TopicBBBBBBBB' }, Description: 'Topic of the alerts', Export: { Name: 'alerts' } },
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
  return { sandbox, client: clientOf('us-east-1'), otherRegion: clientOf('eu-west-1') };
}

test('DescribeStacks returns a stack with its outputs', async () => {
  const { sandbox, client, otherRegion } = await setUp();
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: 'Local' }));
  expect(Stacks).toEqual([
    expect.objectContaining({
      StackId: 'arn:aws:cloudformation:us-east-1:111122223333:stack/Local/local',
      StackName: 'Local',
      Description: 'a test',
      StackStatus: 'CREATE_COMPLETE',
      CreationTime: expect.any(Date),
      Parameters: [{ ParameterKey: 'Stage', ParameterValue: 'prod' }],
      Outputs: [
        {
          OutputKey: 'TopicArn',
          OutputValue: sandbox.topic('Topic').arn,
          Description: 'Topic of the alerts',
          ExportName: 'alerts',
        },
        { OutputKey: 'QueueUrl', OutputValue: sandbox.queues.url(sandbox.queue('WorkQueue')) },
      ],
    }),
  ]);
  expect((await client.send(new DescribeStacksCommand({ StackName: Stacks[0]?.StackId }))).Stacks).toEqual(Stacks);
  expect((await client.send(new DescribeStacksCommand({}))).Stacks).toEqual(Stacks);
  expect((await otherRegion.send(new DescribeStacksCommand({}))).Stacks).toEqual([]);
});

test('the physical ids of resources are those that other services use', async () => {
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
  const byPhysicalId = await client.send(new DescribeStackResourcesCommand({ PhysicalResourceId, LogicalResourceId }));
  expect(byPhysicalId.StackResources).toMatchObject([{ StackName: 'Local', LogicalResourceId }]);
});

test('the physical id of a rule on a custom bus begins with the bus', async () => {
  const { client } = await setUp({
    ...template.Resources,
    Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'custom' } },
    BusRule: { Type: 'AWS::Events::Rule', Properties: { Name: 'rule', EventBusName: { Ref: 'Bus' }, Targets: [] } },
  });
  const { StackResources } = await client.send(
    new DescribeStackResourcesCommand({ StackName: 'Local', LogicalResourceId: 'BusRule' }),
  );
  expect(StackResources).toMatchObject([{ PhysicalResourceId: 'custom|rule' }]);
});

test('ListStackResources returns pages', async () => {
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

test('refuses stacks and resources that do not exist', async () => {
  const { client, otherRegion } = await setUp();
  const DOES_NOT_EXIST = ['ValidationError', 400];
  const StackName = 'Local';
  expect(await refusal(client.send(new DescribeStacksCommand({ StackName: 'Other' })))).toEqual(DOES_NOT_EXIST);
  expect(await refusal(otherRegion.send(new DescribeStacksCommand({ StackName })))).toEqual(DOES_NOT_EXIST);
  expect(await refusal(client.send(new ListStackResourcesCommand({ StackName: 'Other' })))).toEqual(DOES_NOT_EXIST);
  const LogicalResourceId = 'Nowhere';
  expect(await refusal(client.send(new DescribeStackResourceCommand({ StackName, LogicalResourceId })))).toEqual(
    DOES_NOT_EXIST,
  );
  await expect(client.send(new DescribeStacksCommand({ StackName: 'Other' }))).rejects.toThrow(
    'Stack with id Other does not exist',
  );
});
