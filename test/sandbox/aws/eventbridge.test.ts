import {
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { Template } from '../../../sandbox/aws/cloudformation/template.ts';
import { templateOf } from '../stack.ts';
import { BRISK, FIXTURE, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

/** The template with a rule for custom events, a schedule and a disabled rule. */
const template = (): Template => {
  const { Resources = {} } = templateOf({ without: ['Mapping'] });
  const own = { source: ['ours'], 'detail-type': ['ping'], detail: { id: [{ prefix: 'n-' }] } };
  const rule = (Properties: object) => ({ Type: 'AWS::Events::Rule', Properties: { ...Properties } });
  const Targets = [{ Id: 'Target0', Arn: { 'Fn::GetAtt': ['WorkQueue11111111', 'Arn'] } }];
  const queuePolicy = {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: 'WorkQueue11111111' }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: { 'Fn::GetAtt': ['WorkQueue11111111', 'Arn'] },
          },
        ],
      },
    },
  };
  return {
    Resources: {
      ...Resources,
      OwnPolicy: queuePolicy,
      OwnRule: rule({ Description: 'our own', EventPattern: own, Targets }),
      Schedule: rule({ ScheduleExpression: 'rate(1 day)', Targets: [{ ...Targets[0], Input: '{}' }] }),
      DisabledRule: rule({ EventPattern: own, State: 'DISABLED', Targets }),
    },
  };
};

async function setUp() {
  const stacks = [{ template: template(), name: 'Local' }];
  const sandbox = await sandboxOf({ stacks, bundles: FIXTURE, timeScale: BRISK });
  const client = new EventBridgeClient({ ...sandbox.client(), maxAttempts: 1 });
  const put = (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }));
  const bodies = () =>
    sandbox
      .queue('WorkQueue')
      .messages()
      .map(({ body }) => JSON.parse(body) as { id: string });
  return { sandbox, client, put, bodies };
}

const PING = { Source: 'ours', DetailType: 'ping', Detail: '{"id":"n-1"}' };

test('custom events are delivered by the rules that match', async () => {
  const { sandbox, put, bodies } = await setUp();
  const Time = new Date('2026-05-06T07:08:09Z');
  const answer = await put({ ...PING, Resources: ['arn:x'], Time }, { ...PING, Detail: '{"id":"other"}' });
  expect(answer).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }, {}] });
  await sandbox.idle();
  expect(bodies()).toEqual([
    {
      version: '0',
      id: answer.Entries?.[0]?.EventId,
      'detail-type': 'ping',
      source: 'ours',
      account: '111122223333',
      time: '2026-05-06T07:08:09Z',
      region: 'us-east-1',
      resources: ['arn:x'],
      detail: { id: 'n-1' },
    },
  ]);
});

test('entries of PutEvents fail independently of each other', async () => {
  const { sandbox, put, bodies } = await setUp();
  const { FailedEntryCount, Entries = [] } = await put(
    PING,
    { ...PING, Source: 'aws.ec2' },
    { ...PING, Detail: '{broken' },
    { ...PING, Detail: '[]' },
    { ...PING, Source: undefined },
  );
  expect(FailedEntryCount).toBe(4);
  expect(Entries[0]?.ErrorCode).toBeUndefined();
  expect(Entries.slice(1)).toEqual([
    { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' },
    { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
    { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
    {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
    },
  ]);
  await sandbox.idle();
  expect(bodies()).toHaveLength(1);
  expect(await refusal(put(...Array.from({ length: 11 }, () => PING)))).toEqual(['ValidationException', 400]);
});

test('returns rules and their targets', async () => {
  const { sandbox, client } = await setUp();
  const { Rules = [] } = await client.send(new ListRulesCommand({}));
  expect(Rules.map(({ Name, State }) => [Name, State])).toEqual([
    ['Local-LaunchRule33333333', 'ENABLED'],
    ['Local-RunningRule44444444', 'ENABLED'],
    ['Local-OwnRule', 'ENABLED'],
    ['Local-Schedule', 'ENABLED'],
    ['Local-DisabledRule', 'DISABLED'],
  ]);
  const rule = await client.send(new DescribeRuleCommand({ Name: 'Local-OwnRule' }));
  expect(rule).toMatchObject({
    Arn: 'arn:aws:events:us-east-1:111122223333:rule/Local-OwnRule',
    Description: 'our own',
    EventBusName: 'default',
    State: 'ENABLED',
  });
  expect(JSON.parse(rule.EventPattern ?? '')).toMatchObject({ source: ['ours'] });
  expect(await client.send(new DescribeRuleCommand({ Name: 'Local-Schedule' }))).toMatchObject({
    ScheduleExpression: 'rate(1 day)',
  });
  const page = await client.send(new ListRulesCommand({ NamePrefix: 'Local-L', Limit: 1 }));
  expect([page.Rules?.length, page.NextToken]).toEqual([1, undefined]);

  const { Targets } = await client.send(new ListTargetsByRuleCommand({ Rule: 'Local-LaunchRule33333333' }));
  expect(Targets).toEqual([
    {
      Id: 'Target0',
      Arn: 'arn:aws:sqs:us-east-1:111122223333:Local-WorkQueue11111111',
      RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 },
      DeadLetterConfig: { Arn: sandbox.queue('DeadLetterQueue').arn },
    },
  ]);
  const NOT_FOUND = ['ResourceNotFoundException', 400];
  expect(await refusal(client.send(new DescribeRuleCommand({ Name: 'Other' })))).toEqual(NOT_FOUND);
  expect(await refusal(client.send(new ListTargetsByRuleCommand({ Rule: 'Other' })))).toEqual(NOT_FOUND);
});

test('a disabled rule matches nothing', async () => {
  const { sandbox, client, put, bodies } = await setUp();
  await client.send(new DisableRuleCommand({ Name: 'Local-OwnRule' }));
  expect((await client.send(new DescribeRuleCommand({ Name: 'Local-OwnRule' }))).State).toBe('DISABLED');
  await put(PING);
  await sandbox.idle();
  expect(bodies()).toEqual([]);
  await client.send(new EnableRuleCommand({ Name: 'Local-OwnRule' }));
  await put(PING);
  await sandbox.idle();
  expect(bodies()).toHaveLength(1);
});
