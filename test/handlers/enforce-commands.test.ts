import { DescribeInstancesCommand, EC2Client, ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { INSTANCE, LAUNCHED } from '../support/builders.ts';
import { launchEvent } from '../support/events.ts';
import { batchOf, functionOnLoopback } from '../support/function.ts';

// All commands of all clients are recorded, so the test fails on any further command.
const ec2 = mockClient(EC2Client);
const events = mockClient(EventBridgeClient);
const sqs = mockClient(SQSClient);
const { fn } = functionOnLoopback();

beforeAll(() => {
  const options = { HttpTokens: 'optional', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 } as const;
  const instance = {
    InstanceId: INSTANCE,
    State: { Name: 'running' as const },
    MetadataOptions: options,
    NetworkInterfaces: [{ Attachment: { DeviceIndex: 0, AttachTime: LAUNCHED } }],
  };
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: [instance] }] });
  ec2.on(ModifyInstanceMetadataOptionsCommand).resolves({});
  events.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'e-1' }] });
  sqs.on(SendMessageBatchCommand).resolves({});
});
beforeEach(() => {
  for (const client of [ec2, events, sqs]) client.resetHistory();
});
afterAll(() => {
  for (const client of [ec2, events, sqs]) client.restore();
});

it('sends exactly four commands for a launch with IMDSv1', async () => {
  expect((await fn.invoke(batchOf(launchEvent()))).error).toBeUndefined();

  const commands = [...ec2.calls(), ...events.calls(), ...sqs.calls()].map(({ args: [command] }) => command);
  expect(commands.map((command) => command.constructor)).toEqual([
    DescribeInstancesCommand,
    ModifyInstanceMetadataOptionsCommand,
    PutEventsCommand,
    SendMessageBatchCommand,
  ]);
});

it('reports the requested options if the response of EC2 has none', async () => {
  await fn.invoke(batchOf(launchEvent()));

  const [put] = events.commandCalls(PutEventsCommand);
  expect(JSON.parse(put?.args[0].input.Entries?.[0]?.Detail ?? '{}')).toMatchObject({
    before: { HttpTokens: 'optional' },
    after: { HttpTokens: 'required' },
  });
});
