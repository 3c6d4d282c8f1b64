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
  results,
  FUNCTION,
  FUNCTION_ARN,
  healthy,
  RESOURCES,
  ruleName,
  services,
  stackIs,
  subscription,
  SCAN,
  topicArn,
} from './doctor-aws.ts';

const { cloudformation, events, lambda, sns, sqs, logs, ec2 } = services;

beforeEach(healthy);
afterAll(() => Object.values(services).forEach((service) => service.restore()));

describe('a deployment as it should be', () => {
  it('→ 0, a line for each part', async () => {
    const { exitCode, out, notes } = await doctor();

    expect([exitCode, notes]).toEqual([0, []]);
    expect(out.map((line) => line.slice(0, 21).trim())).toEqual([
      'ok    stack',
      'ok    trail',
      'ok    rules',
      'ok    function',
      'ok    function',
      'ok    source',
      'ok    source',
      'ok    subscriptions',
      'ok    subscriptions',
      'ok    queues',
      'ok    queues',
      'ok    queues',
      'ok    queues',
      'ok    ping',
      'ok    role',
      'ok    role guard',
    ]);
  });

  it('the ping names the function, an instance that can be changed, and a nonce that the log is searched for', async () => {
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

  it('--no-ping → nothing is put on the bus', async () => {
    expect((await doctor('--no-ping')).exitCode).toBe(0);
    expect(events.commandCalls(PutEventsCommand)).toEqual([]);
  });

  it('--instance-id → that one, and none is looked for', async () => {
    await doctor('--instance-id', 'i-0123456789abcdef0');

    const [put] = events.commandCalls(PutEventsCommand);
    expect(put?.args[0].input.Entries?.[0]?.Detail).toContain('i-0123456789abcdef0');
    expect(ec2.calls()).toEqual([]);
  });
});

it('no such stack → one line that says what to give', async () => {
  cloudformation
    .on(DescribeStacksCommand)
    .rejects(awsError('ValidationError', 'Stack with id Imdsv2Enforcer does not exist'));

  expect(await doctor()).toMatchObject({
    exitCode: 1,
    out: [],
    notes: [`imdsv2: there is no stack "Imdsv2Enforcer" in ${REGION}: give --stack, --region`],
  });
});

it.each([
  ['UPDATE_IN_PROGRESS', 'warn'],
  ['UPDATE_ROLLBACK_COMPLETE', 'warn'],
  ['ROLLBACK_COMPLETE', 'fail'],
] as const)('a stack that is %s → %s', async (status, level) => {
  stackIs({ status });
  expect(await results()).toMatchObject({ exitCode: 2, found: [{ check: 'stack', level }] });
});

describe('a part that is not as it should be → named, with what to do, and 2', () => {
  it('a rule that is switched off', async () => {
    events.on(DescribeRuleCommand, { Name: ruleName('Drift') }).resolves({ State: 'DISABLED' });
    const todo = `aws events enable-rule --region ${REGION} --name ${ruleName('Drift')}`;
    expect(await results()).toMatchObject({ exitCode: 2, found: [{ check: 'rules', level: 'fail', todo }] });
  });

  it('a rule that was deleted, one without its target, and one that the stack never had', async () => {
    stackIs({ resources: RESOURCES.filter(([id]) => !id.includes('Revoke')) });
    events.on(DescribeRuleCommand, { Name: ruleName('Launch') }).rejects(awsError('ResourceNotFoundException'));
    events.on(ListTargetsByRuleCommand, { Rule: ruleName('Running') }).resolves({ Targets: [{ Id: 'x', Arn: 'y' }] });

    const { exitCode, found } = await results();

    expect(exitCode).toBe(2);
    expect(found.map(({ text }) => text)).toEqual([
      expect.stringContaining('no rule Revoke'),
      `${ruleName('Launch')} was deleted by hand`,
      expect.stringMatching(/Running.* does not lead to arn:aws:sqs/),
    ]);
  });

  it.each([
    ['stopped by the runbook', { Concurrency: { ReservedConcurrentExecutions: 0 } }, 'fail', /delete-function-conc/],
    [
      'failed',
      { Configuration: { State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'broken' } } as const,
      'fail',
      /deploy again/,
    ],
    ['just deployed', { Configuration: { State: 'Pending' } } as const, 'warn', /look again/],
  ])('a function that is %s', async (_, answer, level, todo) => {
    lambda.on(GetFunctionCommand, { FunctionName: FUNCTION }).resolves(answer);
    expect(await results()).toMatchObject({
      exitCode: 2,
      found: [{ check: 'function', level, todo: expect.stringMatching(todo) }],
    });
  });

  it.each([FUNCTION, SCAN])('a function that was deleted: %s', async (FunctionName) => {
    lambda.on(GetFunctionCommand, { FunctionName }).rejects(awsError('ResourceNotFoundException'));
    const text = expect.stringContaining(FunctionName) as string;
    expect((await results()).found).toMatchObject([{ check: 'function', level: 'fail', text }]);
  });

  it('subscriptions: nobody, only pending ones, one of them pending', async () => {
    const Subscriptions = [
      subscription('a@example.com', 'PendingConfirmation'),
      subscription('gone@example.com', 'Deleted'),
    ];
    sns.on(ListSubscriptionsByTopicCommand, { TopicArn: topicArn('Outcomes') }).resolves({ Subscriptions });
    sns.on(ListSubscriptionsByTopicCommand, { TopicArn: topicArn('Operations') }).resolves({});

    const { found } = await results();

    expect(found).toMatchObject([
      { level: 'fail', text: 'Outcomes: nobody hears it; not confirmed: email a@example.com' },
      { level: 'fail', text: 'Operations: nobody hears it', todo: expect.stringContaining('-c operationsEmail=') },
    ]);
    expect(found[0]?.todo).toContain(`--topic-arn ${topicArn('Outcomes')} --authenticate-on-unsubscribe true`);

    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [subscription('b@x.com'), ...Subscriptions] });
    expect((await results()).found.map(({ level }) => level)).toEqual(['warn', 'warn']);
  });

  it('a topic that was deleted', async () => {
    sns.on(ListSubscriptionsByTopicCommand).rejects(awsError('NotFoundException'));
    expect((await results()).found.map(({ text }) => text)).toEqual([
      'the topic Outcomes was deleted by hand',
      'the topic Operations was deleted by hand',
    ]);
  });
});

describe('what could not be looked at', () => {
  it('a missing permission is the line of its check, the others go on, and 1', async () => {
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

  it('beside a result, it is still 1', async () => {
    sqs.on(GetQueueAttributesCommand).rejects(awsError('AccessDenied'));
    events.on(DescribeRuleCommand).resolves({ State: 'DISABLED' });
    expect((await results()).exitCode).toBe(1);
  });

  it('no right to list the resources → what needs them is said, the rest is looked at', async () => {
    cloudformation.on(ListStackResourcesCommand).rejects(awsError('AccessDenied'));

    const { exitCode, found } = await results();

    expect(exitCode).toBe(1);
    expect(found.map(({ check, level }) => [check, level])).toEqual(
      ['rules', 'function', 'source', 'queues'].map((check) => [check, 'unchecked']),
    );
  });

  it('outputs that an older version lacks → said', async () => {
    stackIs({ outputs: { OutcomesTopicArn: topicArn('Outcomes') } });
    const { exitCode, found } = await results();
    expect(exitCode).toBe(1);
    expect(found.find(({ check }) => check === 'ping')?.text).toMatch(/no output FunctionName/);
  });

  it('Ctrl-C ends it at once', async () => {
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

it('what strangers wrote is on one line, without control characters', async () => {
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
])('%s %s → one line, and no call', async (option, value) => {
  const { exitCode, out } = await doctor(option, value);
  expect([exitCode, out]).toEqual([1, []]);
  expect(cloudformation.calls()).toEqual([]);
});
