import { type Digest } from '../../lambda/core/digest.ts';
import { renderDigest, toDigestDetail } from '../../lambda/core/digest-message.ts';
import { dayFromNow } from '../../lambda/core/exemption.ts';
import { NO_LAUNCHES } from '../../lambda/core/prevention/inventory.ts';
import { readinessOf } from '../../lambda/core/prevention/readiness.ts';
import { ACCOUNT, instanceId, NOW, REGION } from '../support/builders.ts';
import { until, UNUSED, USED, digest, emailOf } from '../support/digest.ts';
import { messageOf, jsonOf, listOf, many, type Given } from '../support/digest.ts';

const DIRECT = 'launched directly (no tag names a launch source)';

const IN_USE = 'IMDSv1 in use: 42 calls without a token, about 2 per day, last seen 2026-11-20T14:00Z';

test('a complete digest', () => {
  const of = digest(
    [
      { tags: { Name: 'web', 'aws:autoscaling:groupName': 'web-asg' }, usage: USED },
      { usage: UNUSED },
      { usage: { kind: 'unknown', why: 'gaps' } },
      { tags: until('2026-11-25', 'agent X') },
      { tags: until('soon'), usage: USED },
      { options: { HttpTokens: 'required' } },
    ],
    {
      remediated: 3,
      rejected: new Map([
        [instanceId(9), { calls: 12, hadImdsv1: true }],
        [instanceId(8), { calls: 1, hadImdsv1: false }],
      ]),
      problems: ['the rule Launch is disabled'],
    },
    'enforce-when-unused',
  );

  expect(messageOf(of)).toEqual({
    subject: '[IMDSv2 HIGH] 111122223333 eu-west-1: 16.6% compliant, 4 non-compliant, 3 remediated',
    json: {
      schema: 'imdsv2-enforcer.digest/v1',
      severity: 'HIGH',
      account: '111122223333',
      region: 'eu-west-1',
      startedAt: '2026-11-22T00:00:00.000Z',
      counts: {
        'non-compliant': 4,
        unreadable: 0,
        pending: 0,
        exempt: 1,
        'imds-off': 0,
        'aws-managed': 0,
        compliant: 1,
      },
      compliancePercent: 16.6,
      remediated: 3,
      nonCompliant: { 'in-use': 2, 'remediation-pending': 1, 'usage-unknown': 1 },
      instances: [
        {
          instanceId: instanceId(0),
          name: 'web',
          verdict: 'non-compliant',
          needsReview: 'in-use',
          usage: { kind: 'in-use', calls: 42, callsPerDay: 2.1, lastSeen: '2026-11-20T14:00:00.000Z' },
          launchSource: { autoScalingGroup: 'web-asg' },
        },
        {
          instanceId: instanceId(4),
          verdict: 'non-compliant',
          needsReview: 'in-use',
          usage: { kind: 'in-use', calls: 42, callsPerDay: 2.1, lastSeen: '2026-11-20T14:00:00.000Z' },
          exemptionTag: 'soon',
          exemptionProblem: 'exemption-malformed',
          launchSource: {},
        },
        {
          instanceId: instanceId(1),
          verdict: 'non-compliant',
          usage: { kind: 'unused', hours: 335.9 },
          launchSource: {},
        },
        {
          instanceId: instanceId(2),
          verdict: 'non-compliant',
          needsReview: 'usage-unknown',
          usage: { kind: 'unknown', why: 'gaps' },
          launchSource: {},
        },
        {
          instanceId: instanceId(3),
          verdict: 'exempt',
          exemptUntil: '2026-11-25',
          exemptReason: 'agent X',
          expiresSoon: true,
          launchSource: {},
        },
      ],
      overdue: 1,
      expiring: 1,
      rejected: { [instanceId(9)]: 12, [instanceId(8)]: 1 },
      rejectedWithoutImdsv1: [instanceId(8)],
      rejectedInstances: { affected: 1, withoutImdsv1: 1 },
      readiness: 'ready',
      missingForEnforcement: ['non-compliant or unreadable instances: 4', 'exemptions in date: 1'],
      problems: ['the rule Launch is disabled'],
    },
    email: [
      'IMDSv2 enforcer, account 111122223333, eu-west-1, scan of 2026-11-22T00:00:00Z: 16.6% compliant.',
      '6 instances: 4 non-compliant, 1 exempt, 1 compliant. Remediated in this scan: 3.',
      'Deployment health issues:\n  the rule Launch is disabled',
      `IMDSv1 calls rejected in the last day; the workload may be affected:\n  ${instanceId(9)}: 12 calls; undo: imdsv2 rollback ${instanceId(9)} --region eu-west-1 --for 14d --reason '...'`,
      `IMDSv1 calls rejected in the last day on instances without IMDSv1 for 63 days; a program or a probe tries it, and nothing is to be undone:\n  ${instanceId(8)}: 1 call`,
      `2 non-compliant instances (IMDSv1 in use):\n  ${instanceId(0)}, ${IN_USE}, Auto Scaling group web-asg, name: web\n  ${instanceId(4)}, ${IN_USE}, tag: soon, ${DIRECT}`,
      `1 non-compliant instance (remediation pending):\n  ${instanceId(1)}, IMDSv1 unused: no call without a token in 13 days of data, ${DIRECT}`,
      `1 non-compliant instance (IMDSv1 usage unknown):\n  ${instanceId(2)}, IMDSv1 usage unknown: hours of data are missing, ${DIRECT}`,
      `Overdue: exemptions that have expired or are wrong, with IMDSv1 still enabled:\n  ${instanceId(4)}, ${IN_USE}, tag: soon, ${DIRECT}`,
      `Exemptions that expire within a week:\n  ${instanceId(3)}, exempt until 2026-11-25 (agent X), ${DIRECT}`,
      'Before HttpTokensEnforced can be enabled in this region:\n  non-compliant or unreadable instances: 4\n  exemptions in date: 1',
      'Names and reasons are user-supplied and unverified.',
    ].join('\n\n'),
    attributes: { severity: 'HIGH', status: ['digest'], account: ACCOUNT, region: REGION, trigger: 'scan' },
  });
});

describe('the severity is that of the worst that is left (10):', () => {
  const compliant: Given = { options: { HttpTokens: 'required' } };
  const rejected = (hadImdsv1?: boolean) => ({ rejected: new Map([[instanceId(1), { calls: 1, hadImdsv1 }]]) });
  test.each<readonly [string, readonly Given[], Partial<Digest>, 'INFORMATIONAL' | 'MEDIUM' | 'HIGH']>([
    ['all instances compliant', [compliant], {}, 'INFORMATIONAL'],
    ['exemptions in date', [{ tags: until('2026-12-31') }], {}, 'INFORMATIONAL'],
    ['no rejected calls', [compliant], { rejected: new Map() }, 'INFORMATIONAL'],
    ['rejected calls of a program or a probe', [compliant], rejected(false), 'INFORMATIONAL'],
    ['rejected calls', [compliant], rejected(true), 'MEDIUM'],
    ['rejected calls of unknown cause', [compliant], rejected(), 'MEDIUM'],
    ['a deployment health issue', [compliant], { problems: ['2 messages in the dead-letter queue'] }, 'MEDIUM'],
    ['a non-compliant instance', [{}], {}, 'MEDIUM'],
    ['an instance with unreadable options', [{ options: { HttpTokens: undefined } }], {}, 'MEDIUM'],
    ['five expired exemptions', many(5, { tags: until('2026-11-21') }), {}, 'HIGH'],
    ['an exemption that is not a date', [{ tags: until('x') }], {}, 'HIGH'],
    ['an exemption that exceeds the maximum', [{ tags: until('9999-12-31') }], {}, 'HIGH'],
    [
      'an expired exemption of a compliant instance',
      [{ ...compliant, tags: until('2026-11-21') }],
      {},
      'INFORMATIONAL',
    ],
  ])('%s', (_, given, over, severity) => {
    expect(messageOf(digest(given, over)).attributes.severity).toBe(severity);
  });

  test('rejected calls that are not listed for lack of space', () => {
    const tags = { Name: '😀'.repeat(255), ...until('2026-12-31') };
    const rejected = new Map(many(30_000, {}).map((_, index) => [instanceId(index), { calls: 1 }]));
    const of = digest(many(60, { tags }), { rejected });
    expect(messageOf(of)).toMatchObject({ attributes: { severity: 'MEDIUM' } });
  });
});

test('states the number of remediated instances', () => {
  expect(jsonOf(digest([{}], { remediated: 7 })).remediated).toBe(7);
  expect(emailOf(digest([{}], { remediated: 7 }))).toContain('Remediated in this scan: 7.');
});

test('does not promise a remediation in mode=audit', () => {
  const of = digest([{ usage: UNUSED }], { changes: false }, 'enforce-when-unused');
  expect(jsonOf(of).nonCompliant).toEqual({ 'audit-mode': 1 });
  expect(listOf(of, '1 non-compliant instance (mode=audit, report only)')).toHaveLength(1);
});

describe('exemptions', () => {
  test('are listed in both forms from seven days before they expire', () => {
    const of = digest([0, 7, 8].map((days) => ({ tags: until(dayFromNow(NOW, days)) })));
    expect(listOf(of, 'Exemptions that expire within a week')).toHaveLength(2);
    expect(jsonOf(of).instances.map(({ exemptUntil }) => exemptUntil)).toEqual(['2026-11-22', '2026-11-29']);
    expect(jsonOf(of).counts.exempt).toBe(3);
  });

  test('that have expired or are wrong are listed in both forms while IMDSv1 is enabled', () => {
    const of = digest([
      {},
      { tags: until('2026-11-21') },
      { tags: until('2026-11-20'), options: { HttpTokens: 'required' } },
      { tags: until('x') },
      { tags: until('9999-12-31') },
    ]);
    expect(listOf(of, 'Overdue: exemptions that have expired or are wrong, with IMDSv1 still enabled')).toEqual([
      `  ${instanceId(1)}, ${DIRECT}, expired 2026-11-21`,
      `  ${instanceId(3)}, tag: x, ${DIRECT}`,
      `  ${instanceId(4)}, tag: 9999-12-31, ${DIRECT}`,
    ]);
    expect(jsonOf(of).instances.map(({ overdueSince, exemptionProblem }) => [overdueSince, exemptionProblem])).toEqual([
      [undefined, undefined],
      ['2026-11-21', undefined],
      [undefined, 'exemption-malformed'],
      [undefined, 'exemption-exceeds-maximum'],
    ]);
  });

  test('that have expired are listed, however many other instances have the same reason', () => {
    const of = digest([...many(70, {}), { tags: until('2026-11-21') }]);
    expect(jsonOf(of).instances).toHaveLength(51);
    expect(jsonOf(of).instances.filter(({ overdueSince }) => overdueSince !== undefined)).toMatchObject([
      { instanceId: instanceId(70) },
    ]);
  });
});

describe('the preconditions of HttpTokensEnforced', () => {
  const missing = (over: Partial<Digest>, ...given: readonly Given[]) => {
    const of = digest(given, over);
    const { missingForEnforcement } = jsonOf(of);
    expect(listOf(of, 'Before HttpTokensEnforced')).toEqual(
      missingForEnforcement.length === 0 ? undefined : missingForEnforcement.map((sentence) => `  ${sentence}`),
    );
    return missingForEnforcement;
  };
  const compliant: Given = { options: { HttpTokens: 'required' } };

  test('are met if all instances and the launch default are compliant', () => {
    expect(missing({}, compliant)).toEqual([]);
  });

  test('are non-compliant, unreadable and exempt instances, and the launch default', () => {
    const given = [{}, { options: { HttpTokens: undefined } }, { tags: until('2026-12-31') }];
    expect(missing({ readiness: readinessOf({ ...NO_LAUNCHES, defaults: {} }) }, ...given)).toEqual([
      'non-compliant or unreadable instances: 2',
      'exemptions in date: 1',
      'the account default for launches is not HttpTokens=required',
    ]);
  });

  test('include what launches instances, if it could not be read', () => {
    expect(missing({ readiness: undefined }, compliant)).toEqual(['what launches instances could not be read']);
  });

  test('are empty if it is enabled already', () => {
    expect(
      missing({ readiness: readinessOf({ ...NO_LAUNCHES, defaults: { HttpTokensEnforced: 'enabled' } }) }, {}),
    ).toEqual([]);
  });
});

test('has no percentage if there are no instances to judge', () => {
  expect(messageOf(digest([{ awsManaged: true }]))).toMatchObject({
    subject: '[IMDSv2 INFORMATIONAL] 111122223333 eu-west-1: no instances to judge, 0 non-compliant, 0 remediated',
    json: { compliancePercent: undefined },
  });
});

test('never rounds the percentage up to 100', () => {
  const of = digest([{}, ...many(3_000, { options: { HttpTokens: 'required' } })]);
  expect(jsonOf(of).compliancePercent).toBe(99.9);
});

test('the undo keeps to the maximum exemption duration', () => {
  const of = digest([{}], { rejected: new Map([[instanceId(1), { calls: 1 }]]) });
  expect(renderDigest(toDigestDetail(of), { maxExemptionDays: 5 }).email).toContain(' --for 5d ');
});

test('omits an empty list, and the brackets of a missing reason', () => {
  const of = digest([{ tags: until('2026-11-25') }]);
  expect(messageOf(of).email).not.toContain('IMDSv1 calls rejected');
  expect(listOf(of, 'Exemptions that expire within a week')).toEqual([
    expect.stringMatching(/^ {2}i-\w+, exempt until 2026-11-25, launched directly/),
  ]);
});

test('cuts a subject that is too long for SNS', () => {
  expect(messageOf(digest([], { region: 'r'.repeat(120) })).subject).toHaveLength(99);
});
