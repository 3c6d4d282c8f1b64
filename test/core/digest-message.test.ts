import { type Digest } from '../../lambda/core/digest.ts';
import { toDigestMessage } from '../../lambda/core/digest-message.ts';
import { dayFromNow } from '../../lambda/core/exemption.ts';
import { ACCOUNT, instanceId, NOW, REGION } from '../support/builders.ts';

import { until, UNUSED, USED, digest, messageOf, jsonOf, listOf, many, type Given } from '../support/digest.ts';

test('a digest, whole', () => {
  const of = digest(
    [
      { tags: { Name: 'web', 'aws:autoscaling:groupName': 'web-asg' }, usage: USED },
      { usage: UNUSED },
      { usage: { kind: 'unknown', why: 'gaps' } },
      { tags: until('2026-11-25', 'agent X') },
      { tags: until('soon'), usage: UNUSED },
      { options: { HttpTokens: 'required' } },
    ],
    {
      nonCompliantBefore: 7,
      requested: 5,
      rejected: new Map([[instanceId(9), 12]]),
      problems: ['the rule Launch is disabled'],
    },
    'enforce-when-unused',
  );

  expect(messageOf(of)).toEqual({
    subject: '[IMDSv2 MEDIUM] eu-west-1: 16.6 % compliant, 4 open, 3 closed',
    json: {
      schema: 'imdsv2-enforcer.digest/v1',
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
      closed: 3,
      open: { 'in-use': 1, waiting: 1, 'usage-unknown': 1, 'exemption-malformed': 1 },
      instances: [
        {
          instanceId: instanceId(0),
          name: 'web',
          verdict: 'non-compliant',
          held: 'in-use',
          usage: { kind: 'in-use', callsPerDay: 3, lastSeen: '2026-11-20T14:00:00.000Z' },
          launchSource: { autoScalingGroup: 'web-asg' },
        },
        { instanceId: instanceId(1), verdict: 'non-compliant', usage: { kind: 'unused' }, launchSource: {} },
        {
          instanceId: instanceId(2),
          verdict: 'non-compliant',
          held: 'usage-unknown',
          usage: { kind: 'unknown', why: 'gaps' },
          launchSource: {},
        },
        {
          instanceId: instanceId(4),
          verdict: 'non-compliant',
          held: 'exemption-malformed',
          usage: { kind: 'unused' },
          launchSource: {},
        },
        {
          instanceId: instanceId(3),
          verdict: 'exempt',
          exemptUntil: '2026-11-25',
          exemptReason: 'agent X',
          launchSource: {},
        },
      ],
      rejected: { [instanceId(9)]: 12 },
      missingForEnforcement: ['4 instances still answer IMDSv1, or cannot be read', '1 exemptions are in use'],
      problems: ['the rule Launch is disabled'],
    },
    email: [
      'IMDSv2 enforcer, account 111122223333, eu-west-1, scan of 2026-11-22T00:00:00Z: 16.6 % compliant.',
      '6 instances: 4 open, 1 exempt, 1 compliant. Closed in this run: 3.',
      'Something is off with the enforcer itself:\n  the rule Launch is disabled',
      `IMDSv1 was refused in the last day: something there still uses it:\n  ${instanceId(9)}: 12 calls; undo: imdsv2 rollback ${instanceId(9)} --region eu-west-1 --for 14d --reason '...'`,
      `1 open: Something on it used IMDSv1 not long ago; IMDSv1 stays reachable until nothing does.:\n  ${instanceId(0)} "web", 3 calls a day, last seen 2026-11-20T14:00:00Z, Auto Scaling group web-asg`,
      `1 open: IMDSv1 is reachable, and nothing keeps it from being closed.:\n  ${instanceId(1)}, no call in the 335 hours measured, no tag of a launching service`,
      `1 open: Whether anything on it uses IMDSv1 is not known; IMDSv1 stays reachable until it was measured and nothing does.:\n  ${instanceId(2)}, use unknown: gaps, no tag of a launching service`,
      `1 open: Its exemption tag is not a calendar date (YYYY-MM-DD); IMDSv1 stays reachable until the tag is corrected or removed.:\n  ${instanceId(4)}, no call in the 335 hours measured, tag: soon, no tag of a launching service`,
      `Exemptions that end within a week:\n  ${instanceId(3)}, exempt until 2026-11-25 (agent X), no tag of a launching service`,
      'Before HttpTokensEnforced can be switched on in this region:\n  4 instances still answer IMDSv1, or cannot be read\n  1 exemptions are in use',
      'Names and reasons above are as others wrote them.',
    ].join('\n\n'),
    attributes: { severity: 'MEDIUM', status: ['digest'], account: ACCOUNT, region: REGION, trigger: 'scan' },
  });
});

describe('severity', () => {
  test.each<readonly [string, Partial<Digest>, 'INFORMATIONAL' | 'MEDIUM']>([
    ['how it stands', {}, 'INFORMATIONAL'],
    ['nothing is refused', { rejected: new Map() }, 'INFORMATIONAL'],
    ['something is refused', { rejected: new Map([[instanceId(1), 1]]) }, 'MEDIUM'],
    ['something is off', { problems: ['2 dead letters are waiting'] }, 'MEDIUM'],
  ])('%s → %s', (_, over, severity) => {
    expect(messageOf(digest([{}], over)).attributes.severity).toBe(severity);
  });

  test('that of what is refused stays, even if there is no room to name it', () => {
    const tags = { Name: '😀'.repeat(255) };
    const rejected = new Map(many(30_000, {}).map((_, index) => [instanceId(index), 1]));
    const of = digest(many(60, { tags }), { rejected });
    expect(messageOf(of)).toMatchObject({ attributes: { severity: 'MEDIUM' } });
  });
});

describe('already-remediated', () => {
  const closed = (over: Partial<Digest>, ...given: readonly Given[]) => jsonOf(digest(given, over)).remediated;
  test('is how many fewer answer than before the run', () => {
    expect(closed({ nonCompliantBefore: 5, requested: 5 }, {}, {})).toBe(3);
    expect(closed({ nonCompliantBefore: 1, requested: 1 }, {}, {})).toBe(0);
  });

  test('what cannot be read was not counted before, so it is none that stayed open', () => {
    expect(closed({ nonCompliantBefore: 2, requested: 2 }, {}, { options: { HttpTokens: undefined } })).toBe(1);
  });

  test('a run that requested for nothing has closed nothing', () => {
    expect(closed({ nonCompliantBefore: 5, requested: 0 }, {})).toBe(0);
  });
});

describe('exemptions', () => {
  test('are announced from seven days before their end, in both forms', () => {
    const of = digest([0, 7, 8].map((days) => ({ tags: until(dayFromNow(NOW, days)) })));
    expect(listOf(of, 'Exemptions that end within a week')).toHaveLength(2);
    expect(jsonOf(of).instances.map(({ exemptUntil }) => exemptUntil)).toEqual(['2026-11-22', '2026-11-29']);
    expect(jsonOf(of).counts.exempt).toBe(3);
  });

  test('that ended are told as overdue while IMDSv1 is reachable, in both forms', () => {
    const of = digest([
      {},
      { tags: until('2026-11-21') },
      { tags: until('2026-11-20'), options: { HttpTokens: 'required' } },
    ]);
    expect(listOf(of, 'Exemptions that ended, with IMDSv1 still reachable')).toEqual([
      `  ${instanceId(1)}, no tag of a launching service, ended 2026-11-21`,
    ]);
    expect(jsonOf(of).instances.map(({ overdueSince }) => overdueSince)).toEqual([undefined, '2026-11-21']);
  });

  test('that are overdue are named, however many others are open for the same reason', () => {
    const of = digest([...many(70, {}), { tags: until('2026-11-21') }]);
    expect(jsonOf(of).instances).toHaveLength(51);
    expect(jsonOf(of).instances.filter(({ overdueSince }) => overdueSince !== undefined)).toMatchObject([
      { instanceId: instanceId(70) },
    ]);
  });
});

describe('what is missing before HttpTokensEnforced can be switched on', () => {
  const missing = (over: Partial<Digest>, ...given: readonly Given[]) => {
    const of = digest(given, over);
    const { missingForEnforcement } = jsonOf(of);
    expect(listOf(of, 'Before HttpTokensEnforced')).toEqual(
      missingForEnforcement.length === 0 ? undefined : missingForEnforcement.map((sentence) => `  ${sentence}`),
    );
    return missingForEnforcement;
  };
  const compliant: Given = { options: { HttpTokens: 'required' } };

  test('nothing, where all is closed and launches are too', () => {
    expect(missing({}, compliant)).toEqual([]);
  });

  test('open, unreadable and exempt instances, and the launch default', () => {
    const given = [{}, { options: { HttpTokens: undefined } }, { tags: until('2026-12-31') }];
    expect(missing({ launchDefault: {} }, ...given)).toEqual([
      '2 instances still answer IMDSv1, or cannot be read',
      '1 exemptions are in use',
      'the account does not launch with HttpTokens=required by default',
    ]);
  });

  test('defaults that could not be read are said to be so', () => {
    expect(missing({ launchDefault: undefined }, compliant)).toEqual(['the defaults of the account could not be read']);
  });

  test('nothing where it is on already', () => {
    expect(missing({ launchDefault: { HttpTokensEnforced: 'enabled' } }, {})).toEqual([]);
  });
});

test('nothing to judge is no share of nothing', () => {
  expect(messageOf(digest([{ awsManaged: true }]))).toMatchObject({
    subject: '[IMDSv2 INFORMATIONAL] eu-west-1: nothing to judge, 0 open, 0 closed',
    json: { compliancePercent: undefined },
  });
});

test('compliance is never rounded up to all', () => {
  const of = digest([{}, ...many(3_000, { options: { HttpTokens: 'required' } })]);
  expect(jsonOf(of).compliancePercent).toBe(99.9);
});

test('the undo is one that the account allows', () => {
  const of = digest([{}], { rejected: new Map([[instanceId(1), 1]]) });
  expect(toDigestMessage(of, NOW, { maxExemptionDays: 5 }).email).toContain(' --for 5d ');
});

test('what nobody refused is no list, and what nobody gave as a reason is not in brackets', () => {
  const of = digest([{ tags: until('2026-11-25') }]);
  expect(messageOf(of).email).not.toContain('IMDSv1 was refused');
  expect(listOf(of, 'Exemptions that end within a week')).toEqual([
    expect.stringMatching(/^ {2}i-\w+, exempt until 2026-11-25, [^()]+$/),
  ]);
});

test('a subject is cut before SNS refuses it', () => {
  expect(messageOf(digest([], { region: 'r'.repeat(120) })).subject).toHaveLength(99);
});
