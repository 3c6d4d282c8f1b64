import fc from 'fast-check';
import {
  judgeAfterChange,
  renderWorkloadImpact,
  toWorkloadImpactDetails,
  type WorkloadImpact,
} from '../../lambda/core/workload-impact.ts';
import { toSnsText } from '../../lambda/core/message.ts';
import { ACCOUNT, instanceId, NOW, REGION, snapshot } from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

const messagesOf = (...args: Parameters<typeof toWorkloadImpactDetails>) =>
  toWorkloadImpactDetails(...args).map(renderWorkloadImpact);
const OPTIONS = { maxExemptionDays: 90 };
const applied = snapshot({ options: { HttpTokens: 'required' } });
const pending = snapshot({ options: { HttpTokens: 'required', State: 'pending' } });

describe('judgeAfterChange()', () => {
  test.each([
    ['notifies about rejected calls at once', applied, 1, 0, 'notify'],
    ['notifies about rejected calls in the last check', applied, 1, 3, 'notify'],
    ['checks again without rejected calls', applied, 0, 0, 'check-again'],
    ['checks again after the third check', applied, 0, 2, 'check-again'],
    ['is done after the fourth check', applied, 0, 3, 'done'],
    ['is done after an unexpected fifth check', applied, 0, 4, 'done'],
    ['checks again while the change is pending', pending, 0, 2, 'check-again'],
    ['notifies if the change is pending in the fourth check', pending, 0, 3, 'notify'],
    ...['stopped', 'stopping', 'pending'].map(
      (state) =>
        [
          `is done if the change is pending until the next start (${state})`,
          { ...pending, state },
          0,
          3,
          'done',
        ] as const,
    ),
    [
      'notifies about rejected calls of an instance that was stopped since',
      { ...applied, state: 'stopped' },
      1,
      3,
      'notify',
    ],
    ['reports that IMDSv1 was re-enabled', snapshot(), 5, 0, 're-enabled'],
    ['is done if IMDS was switched off', snapshot({ options: { HttpEndpoint: 'disabled' } }), 5, 0, 'done'],
    ['is done with unreadable options', snapshot({ options: { HttpTokens: undefined } }), 5, 0, 'done'],
    ['is done if the instance is terminated', snapshot({ ...applied, tags: {}, state: 'terminated' }), 5, 0, 'done'],
    [
      'is done if the instance is shutting down',
      snapshot({ ...applied, tags: {}, state: 'shutting-down' }),
      5,
      0,
      'done',
    ],
  ] as const)('%s', (_, given, rejected, checksDone, result) => {
    expect(judgeAfterChange(given, rejected, checksDone)).toBe(result);
  });

  test('checks four times at most', () => {
    const checks = (given: typeof applied) => {
      let checksDone = 0;
      while (judgeAfterChange(given, 0, checksDone) === 'check-again') checksDone += 1;
      return checksDone + 1;
    };
    expect([checks(applied), checks(pending)]).toEqual([4, 4]);
  });
});

const [A, B] = [instanceId(1), instanceId(2)];
const impacts: readonly WorkloadImpact[] = [
  {
    snapshot: snapshot({
      instanceId: A,
      options: { HttpTokens: 'required' },
      tags: { Name: 'web', 'aws:autoscaling:groupName': 'web-asg' },
    }),
    remediatedAt: new Date('2026-11-22T11:30:00Z'),
    rejected: 12,
  },
  {
    snapshot: snapshot({ instanceId: B, options: { HttpTokens: 'required', State: 'pending' } }),
    remediatedAt: new Date('2026-11-22T11:00:00Z'),
    rejected: 0,
  },
];

test('omits a state that EC2 did not return', () => {
  const options = { HttpTokens: 'required', State: undefined };
  const impact = { snapshot: snapshot({ options }), remediatedAt: new Date('2026-11-22T11:30:00Z'), rejected: 0 };
  const [message] = messagesOf(ACCOUNT, REGION, [impact], OPTIONS);
  expect(message?.email).toContain('What happened: state of the change: not stated\n');
  expect(JSON.parse(JSON.stringify(message?.json))).not.toHaveProperty('instances.0.state');
});

const CONSOLE = 'https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#InstanceDetails:instanceId=';
const ADVICE = [
  'What now: update the software (SDKs in docs/existing-instances.md), or undo until it is updated.',
  'Undo: Re-enables IMDSv1 on the instance and exempts it.',
];

test('the complete message', () => {
  const [message, ...others] = messagesOf(ACCOUNT, REGION, impacts, OPTIONS);
  expect(others).toEqual([]);
  expect(message).toEqual({
    subject: '[IMDSv2 HIGH] 111122223333 eu-west-1: possible workload impact on 2 instances',
    json: {
      schema: 'imdsv2-enforcer.workload-impact/v1',
      severity: 'HIGH',
      account: '111122223333',
      region: 'eu-west-1',
      instances: [
        {
          instanceId: A,
          name: 'web',
          remediatedAt: '2026-11-22T11:30:00.000Z',
          rejectedCalls: 12,
          state: 'applied',
          launchSource: { autoScalingGroup: 'web-asg' },
          hopLimit: 1,
          containerHost: false,
          rollback: `imdsv2 rollback ${A} --region eu-west-1 --for 14d --reason '...'`,
        },
        {
          instanceId: B,
          name: undefined,
          remediatedAt: '2026-11-22T11:00:00.000Z',
          rejectedCalls: 0,
          state: 'pending',
          launchSource: {},
          hopLimit: 1,
          containerHost: false,
          rollback: `imdsv2 rollback ${B} --region eu-west-1 --for 14d --reason '...'`,
        },
      ],
    },
    email: [
      'IMDSv2 enforcer, account 111122223333, eu-west-1: after the remediation, IMDSv1 calls were rejected or the change was not applied. The workload may be affected.',
      [
        `${A}: WORKLOAD IMPACT`,
        'What happened: 12 IMDSv1 calls rejected since the remediation',
        'So what: software on the instance that needs IMDSv1 gets neither credentials nor metadata',
        'Name: web',
        'Who: imdsv2-enforcer remediated the instance',
        'When: remediated 2026-11-22T11:30:00Z',
        `Where: account 111122223333, eu-west-1, ${CONSOLE}${A}`,
        'Why: Auto Scaling group web-asg',
        ...ADVICE,
        `imdsv2 rollback ${A} --region eu-west-1 --for 14d --reason '...'`,
      ].join('\n'),
      [
        `${B}: WORKLOAD IMPACT`,
        'What happened: state of the change: pending',
        'So what: IMDSv1 may still be enabled',
        'Who: imdsv2-enforcer remediated the instance',
        'When: remediated 2026-11-22T11:00:00Z',
        `Where: account 111122223333, eu-west-1, ${CONSOLE}${B}`,
        'Why: launched directly (no tag names a launch source)',
        ...ADVICE,
        `imdsv2 rollback ${B} --region eu-west-1 --for 14d --reason '...'`,
      ].join('\n'),
      'Names are user-supplied and unverified.',
    ].join('\n\n'),
    attributes: { severity: 'HIGH', status: ['workload-impact'], account: ACCOUNT, region: REGION, trigger: 'command' },
  });
});

test('the undo keeps to the maximum exemption duration', () => {
  const [message] = messagesOf(ACCOUNT, REGION, impacts, { maxExemptionDays: 3 });
  expect(message?.email).toContain(`imdsv2 rollback ${A} --region eu-west-1 --for 3d --reason '...'`);
});

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');
const idsIn = (json: object): string[] =>
  (json as { instances: { instanceId: string }[] }).instances.map(({ instanceId: id }) => id);

test.each(['😀'.repeat(255), '"\\'.repeat(128), '重'.repeat(255)])(
  'long names: each message fits SNS, and no instance is missing',
  (text) => {
    const keys = [
      'Name',
      'aws:autoscaling:groupName',
      'aws:ec2launchtemplate:id',
      'aws:ec2launchtemplate:version',
      'aws:ec2:fleet-id',
      'aws:cloudformation:stack-name',
      'aws:cloudformation:logical-id',
      'eks:cluster-name',
      'eks:nodegroup-name',
      'elasticbeanstalk:environment-name',
      'elasticbeanstalk:environment-id',
    ];
    const tags = Object.fromEntries(keys.map((key) => [key, text]));
    const ids = Array.from({ length: 400 }, (_, index) => instanceId(index));
    const many = ids.map((id) => ({ snapshot: snapshot({ instanceId: id, tags }), remediatedAt: NOW, rejected: 1 }));

    const messages = messagesOf(ACCOUNT, REGION, many, OPTIONS);

    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) expect(bytes(toSnsText(message))).toBeLessThanOrEqual(240 * 1024);
    expect(messages.flatMap(({ json }) => idsIn(json))).toEqual(ids);
  },
);

test('any names: a subject of ASCII under 100 characters, an email without invisible characters, links or injected lines', () => {
  const anyImpact = fc
    .record({
      tags: fc.dictionary(fc.constantFrom('Name', 'aws:autoscaling:groupName', 'eks:nodegroup-name'), hostileText()),
      state: hostileText(),
      rejected: fc.nat(),
    })
    .map(({ tags, state, rejected }) => ({
      snapshot: snapshot({ tags, options: { HttpTokens: 'required', State: state } }),
      remediatedAt: NOW,
      rejected,
    }));
  fc.assert(
    fc.property(fc.array(anyImpact, { minLength: 1, maxLength: 10 }), (anyImpacts) => {
      for (const { subject, email, json } of messagesOf(ACCOUNT, REGION, anyImpacts, OPTIONS)) {
        expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
        const lines = email.split('\n');
        expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
        expect(email.replaceAll(CONSOLE, '')).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
        const FIXED =
          /^$|^IMDSv2 enforcer, |^i-\w+: WORKLOAD IMPACT$|^(What happened|So what|Name|Who|When|Where|Why|What now|Undo): |^imdsv2 rollback i-|^Names are /;
        expect(lines.filter((line) => !FIXED.test(line))).toEqual([]);
        expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
      }
    }),
    { numRuns: 60 },
  );
});
