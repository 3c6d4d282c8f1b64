import { STATUSES } from '../../lambda/contract.ts';
import { type AlertMessage, toMessages } from '../../lambda/core/message.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import { CALLER, instanceId, outcome, snapshot, target } from '../support/builders.ts';

const OPTIONS = { maxExemptionDays: 90 };
/** Number of instances with details, if nothing is too long. */
const DETAILED = 25;

const one = (...outcomes: readonly Outcome[]): AlertMessage => {
  const [message, ...more] = toMessages(outcomes, OPTIONS);
  if (message === undefined || more.length > 0) throw new Error(`${more.length + 1} messages`);
  return message;
};

/** Outcomes of instances `from` to `from + count - 1`. */
const several = (count: number, from: number, over: Partial<Outcome> = {}): Outcome[] =>
  Array.from({ length: count }, (_, index) =>
    outcome({ target: target({ instanceId: instanceId(from + index) }), ...over }),
  );

test('sends no message without outcomes', () => {
  expect(toMessages([], OPTIONS)).toEqual([]);
});

test('the complete JSON form of a launch', () => {
  const tags = { Name: 'web\u202e-1', 'aws:autoscaling:groupName': 'web' };
  expect(one(outcome({ snapshot: snapshot({ tags }) })).json).toEqual({
    schema: 'imdsv2-enforcer.outcome/v1',
    account: '111122223333',
    region: 'eu-west-1',
    trigger: 'launch',
    severity: 'MEDIUM',
    counts: { remediated: 1 },
    outcomes: [
      {
        instanceId: 'i-0a1b2c3d4e5f60718',
        name: 'web-1',
        status: 'remediated',
        reason: 'imdsv1-enabled',
        severity: 'MEDIUM',
        explanation: 'Launched with IMDSv1 enabled. Now requires IMDSv2.',
        eventId: '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10',
        occurredAt: '2026-11-22T11:59:20.000Z',
        settledAt: '2026-11-22T12:00:00.000Z',
        launchTime: '2026-11-22T11:59:20.000Z',
        exposedSeconds: 40,
        caller: CALLER,
        launchSource: { autoScalingGroup: 'web' },
        before: {
          HttpTokens: 'optional',
          HttpEndpoint: 'enabled',
          HttpPutResponseHopLimit: 1,
          HttpProtocolIpv6: 'disabled',
          InstanceMetadataTags: 'disabled',
          State: 'applied',
        },
        after: {
          HttpTokens: 'required',
          HttpEndpoint: 'enabled',
          HttpPutResponseHopLimit: 1,
          HttpProtocolIpv6: 'disabled',
          InstanceMetadataTags: 'disabled',
          State: 'pending',
        },
      },
    ],
    more: {},
  });
});

test('omits fields of an instance that could not be read', () => {
  const failed = outcome({
    status: 'failed',
    reason: 'denied',
    snapshot: undefined,
    target: target({ trigger: 'running' }),
  });
  expect(JSON.parse(JSON.stringify(one(failed).json.outcomes[0]))).toEqual({
    instanceId: 'i-0a1b2c3d4e5f60718',
    status: 'failed',
    reason: 'denied',
    severity: 'CRITICAL',
    explanation:
      'EC2 denied the change: permission missing. IMDSv1 stays enabled. See "EC2 denies the change" in the runbook.',
    eventId: '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10',
    occurredAt: '2026-11-22T11:59:20.000Z',
    settledAt: '2026-11-22T12:00:00.000Z',
    launchSource: {},
  });
});

test('the JSON form of an exemption has caller, date and current options', () => {
  const granted = outcome({
    status: 'exempt',
    reason: 'exempt-self-granted',
    target: target({ trigger: 'grant' }),
    snapshot: snapshot({ options: { HttpTokens: 'required' } }),
    detail: '2026-12-31: see\u202e https://evil.example',
  });
  const { subject, json, attributes } = one(granted);
  expect(subject).toBe('[IMDSv2 MEDIUM] eu-west-1: 1 exempt i-0a1b2c3d4e5f60718');
  expect(attributes).toMatchObject({ severity: 'MEDIUM', status: ['exempt'], trigger: 'grant' });
  expect(json.outcomes).toMatchObject([
    {
      reason: 'exempt-self-granted',
      explanation: expect.stringMatching(/^The exemption tag was set/),
      detail: '2026-12-31: see https://evil.example',
      caller: { principal: 'arn:aws:sts::111122223333:assumed-role/deployer/kim' },
      before: { HttpTokens: 'required' },
    },
  ]);
});

describe('the subject', () => {
  test.each<readonly [string, readonly Outcome[], string]>([
    ['of one instance', [outcome()], '[IMDSv2 MEDIUM] eu-west-1: 1 remediated i-0a1b2c3d4e5f60718'],
    [
      'of three instances with one status',
      several(3, 1),
      '[IMDSv2 MEDIUM] eu-west-1: 3 remediated i-00000000000000001 +2',
    ],
    [
      'of several statuses, highest severity first',
      [...several(2, 1, { status: 'exempt' }), outcome({ status: 'failed', reason: 'denied' })],
      '[IMDSv2 CRITICAL] eu-west-1: 1 failed, 2 exempt i-0a1b2c3d4e5f60718 +2',
    ],
    [
      'without ids if they do not fit',
      [
        ...several(100, 1, { status: 'failed', reason: 'denied' }),
        ...several(2000, 1000, { status: 'would-remediate' }),
        ...several(10, 4000, { status: 'exempt' }),
        ...several(10, 5000, { status: 'already-remediated' }),
      ],
      '[IMDSv2 CRITICAL] eu-west-1: 100 failed, 2000 would-remediate, 10 exempt, 10 already-remediated',
    ],
  ])('%s', (_, outcomes, subject) => {
    expect(one(...outcomes).subject).toBe(subject);
  });

  test('has 99 characters at most, and omits the ids beyond', () => {
    const two = (digits: number) =>
      one(
        ...['a', 'b'].map((letter) =>
          outcome({ target: target({ region: 'us-gov-northwest-1', instanceId: `i-${letter.repeat(digits)}` }) }),
        ),
      ).subject;
    const without = '[IMDSv2 MEDIUM] us-gov-northwest-1: 2 remediated';
    const free = 99 - `${without} i- +1`.length;
    expect(two(free)).toBe(`${without} i-${'a'.repeat(free)} +1`);
    expect(two(free)).toHaveLength(99);
    expect(two(free + 1)).toBe(without);
  });

  test('is cut at 99 characters', () => {
    const outcomes = STATUSES.map((status, index) =>
      outcome({ status, target: target({ region: 'us-gov-west-1', instanceId: instanceId(index) }) }),
    );
    const { subject } = one(...outcomes);
    expect(subject).toBe(
      '[IMDSv2 CRITICAL] us-gov-west-1: 1 failed, 1 needs-review, 1 remediated, 1 would-remediate, 1 alrea',
    );
    expect(subject).toHaveLength(99);
  });

  test('contains no untrusted input', () => {
    const caller = { principal: 'EVIL', sourceIp: 'EVIL', userAgent: 'EVIL', invokedBy: 'EVIL' };
    const evil = outcome({
      status: 'failed',
      reason: 'denied',
      target: target({ caller, eventId: 'EVIL' }),
      snapshot: snapshot({ tags: { Name: 'EVIL', 'aws:autoscaling:groupName': 'EVIL' } }),
      detail: 'EVIL',
    });
    expect(one(evil).subject).toBe('[IMDSv2 CRITICAL] eu-west-1: 1 failed i-0a1b2c3d4e5f60718');
  });
});

describe('the message attributes', () => {
  test('have the highest severity and every status', () => {
    const drift = target({ trigger: 'drift' });
    const message = one(
      outcome({ status: 'exempt', target: drift }),
      outcome({ target: drift }),
      outcome({ status: 'needs-review', target: drift }),
    );
    expect(message.attributes).toEqual({
      severity: 'HIGH',
      status: ['exempt', 'remediated', 'needs-review'],
      account: '111122223333',
      region: 'eu-west-1',
      trigger: 'drift',
    });
  });
});

test('sends one message for each account, region and trigger, whatever the order', () => {
  const otherAccount = { account: '444455556666' } as const;
  const messages = toMessages(
    [
      outcome(),
      outcome({ target: target({ region: 'us-east-1' }) }),
      outcome({ target: target({ trigger: 'drift' }) }),
      outcome({ target: target(otherAccount) }),
      outcome({ target: target({ instanceId: instanceId(2) }) }),
      outcome({ target: target({ region: 'us-east-1', instanceId: instanceId(2) }) }),
    ],
    OPTIONS,
  );
  expect(messages.map(({ json: { account, region, trigger, counts } }) => [account, region, trigger, counts])).toEqual([
    ['111122223333', 'eu-west-1', 'launch', { remediated: 2 }],
    ['111122223333', 'us-east-1', 'launch', { remediated: 2 }],
    ['111122223333', 'eu-west-1', 'drift', { remediated: 1 }],
    ['444455556666', 'eu-west-1', 'launch', { remediated: 1 }],
  ]);
});

test('lists a failure before remediated drift', () => {
  const drift = target({ trigger: 'drift' });
  const { outcomes } = one(
    outcome({ target: drift }),
    outcome({ target: drift, status: 'failed', reason: 'denied' }),
  ).json;
  expect(outcomes.map(({ severity }) => severity)).toEqual(['CRITICAL', 'HIGH']);
});

describe('an alert about many instances', () => {
  const mixed = [
    ...several(30, 100, { status: 'exempt' }),
    ...several(3, 200),
    ...several(2, 300, { status: 'failed', reason: 'denied' }),
  ];
  const message = one(...mixed);

  test('has details of the first 25, highest severity first', () => {
    const detailed = message.json.outcomes.map(({ severity }) => severity);
    expect(detailed).toEqual([
      'CRITICAL',
      'CRITICAL',
      'MEDIUM',
      'MEDIUM',
      'MEDIUM',
      ...Array.from({ length: DETAILED - 5 }, () => 'INFORMATIONAL'),
    ]);
    expect(message.email.match(/^i-\S+: [A-Z]+ \(/gm)).toHaveLength(DETAILED);
  });

  test('keeps the order within a severity', () => {
    expect(message.json.outcomes.slice(0, 6).map((detailed) => detailed.instanceId)).toEqual(
      [300, 301, 200, 201, 202, 100].map(instanceId),
    );
  });

  test('lists the remaining ids, and counts all instances', () => {
    const remaining = Array.from({ length: 10 }, (_, index) => instanceId(120 + index));
    expect(message.json.more).toEqual({ exempt: remaining });
    expect(message.json.counts).toEqual({ failed: 2, remediated: 3, exempt: 30 });
    expect(message.email).toContain(`10 more exempt: ${remaining.join(' ')}`);
  });

  test('lists no remaining ids for 25 instances, and one for 26', () => {
    expect(one(...several(25, 1)).json.more).toEqual({});
    expect(one(...several(26, 1)).json.more).toEqual({ remediated: [instanceId(26)] });
  });
});
