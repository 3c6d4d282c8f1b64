import { DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeRuleCommand, ListTargetsByRuleCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionConcurrencyCommand, GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { GetTopicAttributesCommand, ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { main } from '../../cli/main.ts';
import { INSTANCE, REGION } from '../support/builders.ts';
import { INVISIBLE } from '../support/hostile.ts';
import { recordingIo } from '../support/io.ts';
import { awsError, doctor, findings, healthy, services, setStack, subscription } from './doctor-aws.ts';
import { configurationOf, FUNCTION, FUNCTION_ARN, ruleName, SCAN, topicArn } from './doctor-stack.ts';

const { cloudformation, events, lambda, sns, sqs, logs, ec2 } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

describe('a healthy deployment', () => {
  it('returns 0 and prints a line per check', async () => {
    const { exitCode, out, notes } = await doctor();

    expect([exitCode, notes]).toEqual([0, []]);
    expect(out.map((line) => line.slice(0, 21).trim())).toEqual([
      ...[
        ...['stack', 'trail', 'rules', 'event bus', 'function', 'roles', 'event source', 'queues'],
        ...['subscriptions', 'subscriptions', 'key', 'alarms', 'regions', 'backlog', 'backlog', 'backlog'],
      ].map((check) => `ok    ${check}`),
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
    // After the health checks, which ask for a few instances to see whether they may.
    expect(ec2.commandCalls(DescribeInstancesCommand).at(-1)?.args[0].input.Filters).toEqual([
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
    const listed = ec2.commandCalls(DescribeInstancesCommand).filter(({ args }) => args[0].input.Filters !== undefined);
    expect(listed).toEqual([]);
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

  it('a deleted rule and one without its target', async () => {
    events.on(DescribeRuleCommand, { Name: ruleName('Launch') }).rejects(awsError('ResourceNotFoundException'));
    events.on(ListTargetsByRuleCommand, { Rule: ruleName('Running') }).resolves({ Targets: [{ Id: 'x', Arn: 'y' }] });

    const { exitCode, found } = await findings();

    expect(exitCode).toBe(2);
    expect(found.map(({ text }) => text)).toEqual([
      `rule ${ruleName('Launch')} was deleted outside CloudFormation: its events are lost`,
      expect.stringMatching(/Running.* does not have the target arn:aws:sqs/),
    ]);
  });

  it('a function that is stopped by the runbook', async () => {
    lambda.on(GetFunctionConcurrencyCommand, { FunctionName: FUNCTION }).resolves({ ReservedConcurrentExecutions: 0 });
    const action = expect.stringMatching(/delete-function-conc/) as string;
    expect(await findings()).toMatchObject({ exitCode: 2, found: [{ check: 'function', level: 'fail', action }] });
  });

  it.each([
    [
      'failed',
      { State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'a reason' } as const,
      'fail',
      /deploy again/,
    ],
    ['just deployed', { State: 'Pending' } as const, 'warn', /again in a minute/],
  ])('a function that is %s', async (_, response, level, action) => {
    lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: FUNCTION })
      .callsFake((input: { FunctionName: string }) => ({
        ...configurationOf(input.FunctionName),
        LastUpdateStatus: undefined,
        ...response,
      }));
    expect(await findings()).toMatchObject({
      exitCode: 2,
      found: [{ check: 'function', level, action: expect.stringMatching(action) }],
    });
  });

  it.each([FUNCTION, SCAN])('a deleted function: %s', async (FunctionName) => {
    lambda.on(GetFunctionConfigurationCommand, { FunctionName }).rejects(awsError('ResourceNotFoundException'));
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
        text: 'Operations: no confirmed subscription: no one receives its messages',
        action: expect.stringContaining(`aws sns subscribe --region ${REGION} --topic-arn ${topicArn('Operations')}`),
      },
    ]);
    expect(found[0]?.action).toContain(`--topic-arn ${topicArn('Outcomes')} --authenticate-on-unsubscribe true`);

    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [subscription('b@x.com'), ...Subscriptions] });
    expect((await findings()).found.map(({ level }) => level)).toEqual(['warn', 'warn']);
  });

  it('a deleted topic', async () => {
    sns.on(GetTopicAttributesCommand).rejects(awsError('NotFoundException'));
    expect((await findings()).found.map(({ text }) => text)).toEqual([
      'topic Outcomes was deleted outside CloudFormation',
      'topic Operations was deleted outside CloudFormation',
    ]);
  });
});

describe('a check that cannot be made', () => {
  it('prints the missing permission, makes the other checks and returns 2', async () => {
    const message = 'User: x is not authorized to perform: sns:ListSubscriptionsByTopic on resource: y';
    sns.on(ListSubscriptionsByTopicCommand).rejects(awsError('AuthorizationError', message));

    const { exitCode, out } = await doctor();

    expect(exitCode).toBe(2);
    const hidden = out.filter((line) => line.startsWith('?'));
    expect(hidden).toEqual(
      Array<unknown>(2).fill(
        expect.stringMatching(/subscriptions .*not visible from here: missing permission sns:ListSubscriptionsByTopic/),
      ),
    );
    expect(out.at(-1)).toMatch(/^ok {4}role guard/);
  });

  it('returns 1 also with findings', async () => {
    sqs.on(GetQueueAttributesCommand).rejects(awsError('InternalError'));
    events.on(DescribeRuleCommand).resolves({ State: 'DISABLED' });
    expect((await findings()).exitCode).toBe(1);
  });

  it('reports the checks that need the resources of the stack, without permission to list them', async () => {
    cloudformation.on(ListStackResourcesCommand).rejects(awsError('AccessDenied'));

    const { exitCode, found } = await findings();

    expect(exitCode).toBe(2);
    expect(new Set(found.map(({ level }) => level))).toEqual(new Set(['not-visible']));
    expect(found.map(({ check }) => check)).toEqual(expect.arrayContaining(['rules', 'function', 'queues', 'key']));
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
