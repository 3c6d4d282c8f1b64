import { DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeRuleCommand, ListTargetsByRuleCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionCommand } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { main } from '../../cli/main.ts';
import { INSTANCE, REGION } from '../support/builders.ts';
import { INVISIBLE } from '../support/hostile.ts';
import { recordingIo } from '../support/io.ts';
import {
  awsError,
  doctor,
  findings,
  FUNCTION,
  FUNCTION_ARN,
  healthy,
  RESOURCES,
  ruleName,
  services,
  setStack,
  subscription,
  SCAN,
  topicArn,
} from './doctor-aws.ts';

const { cloudformation, events, lambda, sns, sqs, logs, ec2 } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

describe('a healthy deployment', () => {
  it('returns 0 and prints a line per check', async () => {
    const { exitCode, out, notes } = await doctor();

    expect([exitCode, notes]).toEqual([0, []]);
    expect(out.map((line) => line.slice(0, 21).trim())).toEqual([
      'ok    stack',
      'ok    trail',
      'ok    rules',
      'ok    function',
      'ok    function',
      'ok    function',
      'ok    event source',
      'ok    event source',
      'ok    event source',
      'ok    subscriptions',
      'ok    subscriptions',
      'ok    queues',
      'ok    queues',
      'ok    queues',
      'ok    queues',
      'ok    queues',
      'ok    queues',
      'ok    queues',
      'ok    ping',
      'ok    role',
      'ok    role guard',
    ]);
  });

  it('sends a ping with the function, an instance and a nonce, and filters the log by the nonce', async () => {
    await doctor();

    const [put, ...others] = events.commandCalls(PutEventsCommand);
    expect(others).toEqual([]);
    const [entry] = put?.args[0].input.Entries ?? [];
    expect(entry).toMatchObject({ Source: 'imdsv2-enforcer.ping', DetailType: 'Ping', Resources: [FUNCTION_ARN] });
    const detail = JSON.parse(entry?.Detail ?? '') as { nonce: string; instanceId: string };
    expect(detail).toEqual({ nonce: expect.stringMatching(/^[0-9a-f-]{36}$/), instanceId: INSTANCE });
    expect(logs.commandCalls(FilterLogEventsCommand)[0]?.args[0].input).toMatchObject({
      logGroupName: 'enforcer-log',
      filterPattern: `"${detail.nonce}"`,
    });
    expect(ec2.commandCalls(DescribeInstancesCommand)[0]?.args[0].input.Filters).toEqual([
      { Name: 'instance-state-name', Values: ['running', 'stopped'] },
      { Name: 'metadata-options.http-endpoint', Values: ['enabled'] },
    ]);
  });

  it('sends no ping with --no-ping', async () => {
    expect((await doctor('--no-ping')).exitCode).toBe(0);
    expect(events.commandCalls(PutEventsCommand)).toEqual([]);
  });

  it('uses the instance of --instance-id', async () => {
    await doctor('--instance-id', 'i-0123456789abcdef0');

    const [put] = events.commandCalls(PutEventsCommand);
    expect(put?.args[0].input.Entries?.[0]?.Detail).toContain('i-0123456789abcdef0');
    expect(ec2.calls()).toEqual([]);
  });
});

it('reports a missing stack with the options to use', async () => {
  cloudformation
    .on(DescribeStacksCommand)
    .rejects(awsError('ValidationError', 'Stack with id Imdsv2Enforcer does not exist'));

  expect(await doctor()).toMatchObject({
    exitCode: 1,
    out: [],
    notes: [`imdsv2: stack "Imdsv2Enforcer" not found in ${REGION}: use --stack, --region`],
  });
});

it.each([
  ['UPDATE_IN_PROGRESS', 'warn'],
  ['UPDATE_ROLLBACK_COMPLETE', 'warn'],
  ['ROLLBACK_COMPLETE', 'fail'],
] as const)('reports a stack that is %s as %s', async (status, level) => {
  setStack({ status });
  expect(await findings()).toMatchObject({ exitCode: 2, found: [{ check: 'stack', level }] });
});

describe('findings return 2 and have an action', () => {
  it('a disabled rule', async () => {
    events.on(DescribeRuleCommand, { Name: ruleName('Drift') }).resolves({ State: 'DISABLED' });
    const action = `aws events enable-rule --region ${REGION} --name ${ruleName('Drift')}`;
    expect(await findings()).toMatchObject({ exitCode: 2, found: [{ check: 'rules', level: 'fail', action }] });
  });

  it('a deleted rule, one without its target, and one that is not in the stack', async () => {
    setStack({ resources: RESOURCES.filter(([id]) => !id.includes('Revoke')) });
    events.on(DescribeRuleCommand, { Name: ruleName('Launch') }).rejects(awsError('ResourceNotFoundException'));
    events.on(ListTargetsByRuleCommand, { Rule: ruleName('Running') }).resolves({ Targets: [{ Id: 'x', Arn: 'y' }] });

    const { exitCode, found } = await findings();

    expect(exitCode).toBe(2);
    expect(found.map(({ text }) => text)).toEqual([
      expect.stringContaining('no rule Revoke'),
      `${ruleName('Launch')} was deleted outside CloudFormation`,
      expect.stringMatching(/Running.* does not have the target arn:aws:sqs/),
    ]);
  });

  it.each([
    ['stopped by the runbook', { Concurrency: { ReservedConcurrentExecutions: 0 } }, 'fail', /delete-function-conc/],
    [
      'failed',
      { Configuration: { State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'a reason' } } as const,
      'fail',
      /deploy again/,
    ],
    ['just deployed', { Configuration: { State: 'Pending' } } as const, 'warn', /again in a minute/],
  ])('a function that is %s', async (_, response, level, action) => {
    lambda.on(GetFunctionCommand, { FunctionName: FUNCTION }).resolves(response);
    expect(await findings()).toMatchObject({
      exitCode: 2,
      found: [{ check: 'function', level, action: expect.stringMatching(action) }],
    });
  });

  it.each([FUNCTION, SCAN])('a deleted function: %s', async (FunctionName) => {
    lambda.on(GetFunctionCommand, { FunctionName }).rejects(awsError('ResourceNotFoundException'));
    const text = expect.stringContaining(FunctionName) as string;
    expect((await findings()).found).toMatchObject([{ check: 'function', level: 'fail', text }]);
  });

  it('topics without subscription, with pending ones only, and with some pending', async () => {
    const Subscriptions = [
      subscription('a@example.com', 'PendingConfirmation'),
      subscription('deleted@example.com', 'Deleted'),
    ];
    sns.on(ListSubscriptionsByTopicCommand, { TopicArn: topicArn('Outcomes') }).resolves({ Subscriptions });
    sns.on(ListSubscriptionsByTopicCommand, { TopicArn: topicArn('Operations') }).resolves({});

    const { found } = await findings();

    expect(found).toMatchObject([
      { level: 'fail', text: 'Outcomes: no confirmed subscription; not confirmed: email a@example.com' },
      {
        level: 'fail',
        text: 'Operations: no confirmed subscription',
        action: expect.stringContaining('-c operationsEmail='),
      },
    ]);
    expect(found[0]?.action).toContain(`--topic-arn ${topicArn('Outcomes')} --authenticate-on-unsubscribe true`);

    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [subscription('b@x.com'), ...Subscriptions] });
    expect((await findings()).found.map(({ level }) => level)).toEqual(['warn', 'warn']);
  });

  it('a deleted topic', async () => {
    sns.on(ListSubscriptionsByTopicCommand).rejects(awsError('NotFoundException'));
    expect((await findings()).found.map(({ text }) => text)).toEqual([
      'topic Outcomes was deleted outside CloudFormation',
      'topic Operations was deleted outside CloudFormation',
    ]);
  });
});

describe('a check that cannot be made', () => {
  it('prints the missing permission, makes the other checks and returns 1', async () => {
    const message = 'User: x is not authorized to perform: sns:ListSubscriptionsByTopic on resource: y';
    sns.on(ListSubscriptionsByTopicCommand).rejects(awsError('AuthorizationError', message));

    const { exitCode, out } = await doctor();

    expect(exitCode).toBe(1);
    expect(out.filter((line) => !line.startsWith('ok'))).toEqual([
      expect.stringMatching(/^warn {2}subscriptions .*missing permission sns:ListSubscriptionsByTopic/),
      expect.stringMatching(/^warn {2}subscriptions /),
    ]);
    expect(out.at(-1)).toMatch(/^ok {4}role guard/);
  });

  it('returns 1 also with findings', async () => {
    sqs.on(GetQueueAttributesCommand).rejects(awsError('AccessDenied'));
    events.on(DescribeRuleCommand).resolves({ State: 'DISABLED' });
    expect((await findings()).exitCode).toBe(1);
  });

  it('reports the checks that need the resources of the stack, without permission to list them', async () => {
    cloudformation.on(ListStackResourcesCommand).rejects(awsError('AccessDenied'));

    const { exitCode, found } = await findings();

    expect(exitCode).toBe(1);
    expect(found.map(({ check, level }) => [check, level])).toEqual(
      ['rules', 'function', 'event source', 'queues'].map((check) => [check, 'unchecked']),
    );
  });

  it('reports outputs that an older version does not have', async () => {
    setStack({ outputs: { OutcomesTopicArn: topicArn('Outcomes') } });
    const { exitCode, found } = await findings();
    expect(exitCode).toBe(1);
    expect(found.find(({ check }) => check === 'ping')?.text).toMatch(/no output FunctionName/);
  });

  it('ends at Ctrl-C', async () => {
    const interrupt = new AbortController();
    const { io, out, notes } = recordingIo({ interrupted: interrupt.signal });
    events.on(DescribeRuleCommand).callsFake(() => {
      interrupt.abort();
      throw awsError('AbortError');
    });

    expect(await main(['doctor', '--region', REGION], io)).toBe(1);
    expect(notes.at(-1)).toBe('imdsv2: interrupted');
    expect(out).toHaveLength(2);
  });
});

it('prints untrusted text on one line, without control characters', async () => {
  const Subscriptions = [subscription('x@y.z\n\u001b[31mFAIL', 'PendingConfirmation')];
  sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions });

  const { out } = await doctor();

  expect(out.join('')).not.toMatch(INVISIBLE);
});

it.each([
  ['--timeout', '0'],
  ['--timeout', 'soon'],
  ['--instance-id', 'i-x'],
  ['--region', 'evil.example'],
])('refuses %s %s in one line, without a call', async (option, value) => {
  const { exitCode, out } = await doctor(option, value);
  expect([exitCode, out]).toEqual([1, []]);
  expect(cloudformation.calls()).toEqual([]);
});
