import fc from 'fast-check';
import { Census, type Digest } from '../../lambda/core/digest.ts';
import { type DigestJson, toDigestMessage } from '../../lambda/core/digest-message.ts';
import { dayFromNow } from '../../lambda/core/exemption.ts';
import { toSnsText } from '../../lambda/core/message.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import {
  ACCOUNT,
  context,
  instanceId,
  NOW,
  policy,
  REGION,
  snapshot,
  type SnapshotChange,
} from '../support/builders.ts';
import { hostileText, INVISIBLE } from '../support/hostile.ts';

const OPTIONS = { exemptionHorizonDays: 90 };
const until = (day: string, reason?: string) => ({
  'imdsv2:exempt-until': day,
  ...(reason !== undefined && { 'imdsv2:exempt-reason': reason }),
});
const QUIET: Usage = { kind: 'quiet', hours: 335.9 };
const USED: Usage = { kind: 'in-use', count: 42, callsPerDay: 2.1, lastSeen: new Date('2026-11-20T14:00:00Z') };

type Given = SnapshotChange & { readonly usage?: Usage };

function digest(
  given: readonly Given[],
  over: Partial<Digest> = {},
  existing: 'audit' | 'enforce-when-quiet' = 'audit',
) {
  const census = new Census(context({ trigger: 'sweep' }), policy({ existing }));
  given.forEach(({ usage, ...change }, index) =>
    census.add(snapshot({ instanceId: instanceId(index), ...change }), NOW, usage),
  );
  return {
    account: ACCOUNT,
    region: REGION,
    startedAt: new Date('2026-11-22T00:00:00Z'),
    tally: census.tally,
    open: census.open,
    exempt: census.exempt,
    openBefore: 0,
    asked: 0,
    launchDefault: { HttpTokens: 'required' },
    problems: [],
    ...over,
  } satisfies Digest;
}

const messageOf = (of: Digest) => toDigestMessage(of, NOW, OPTIONS);
const jsonOf = (of: Digest) => messageOf(of).json as DigestJson;
const emailOf = (of: Digest): string => messageOf(of).email;
/** The lines of one list of the mail. */
const listOf = (of: Digest, title: string): string[] | undefined =>
  emailOf(of)
    .split('\n\n')
    .find((part) => part.startsWith(title))
    ?.split('\n')
    .slice(1);
const many = (count: number, given: Given): Given[] => Array.from({ length: count }, () => given);

test('a digest, whole', () => {
  const of = digest(
    [
      { tags: { Name: 'web', 'aws:autoscaling:groupName': 'web-asg' }, usage: USED },
      { usage: QUIET },
      { usage: { kind: 'unknown', why: 'gaps' } },
      { tags: until('2026-11-25', 'agent X') },
      { tags: until('soon'), usage: QUIET },
      { options: { HttpTokens: 'required' } },
    ],
    { openBefore: 7, asked: 5, rejected: new Map([[instanceId(9), 12]]), problems: ['the rule Launch is disabled'] },
    'enforce-when-quiet',
  );

  expect(messageOf(of)).toEqual({
    subject: '[IMDSv2 warning] eu-west-1: 16.6 % compliant, 4 open, 3 closed',
    json: {
      schema: 'imdsv2-enforcer.digest/v1',
      account: '111122223333',
      region: 'eu-west-1',
      startedAt: '2026-11-22T00:00:00.000Z',
      counts: { open: 4, unreadable: 0, pending: 0, exempt: 1, 'imds-off': 0, 'aws-managed': 0, compliant: 1 },
      compliancePercent: 16.6,
      closed: 3,
      open: { 'in-use': 1, waiting: 1, 'usage-unknown': 1, 'exemption-malformed': 1 },
      instances: [
        {
          instanceId: instanceId(0),
          name: 'web',
          verdict: 'open',
          held: 'in-use',
          usage: { kind: 'in-use', callsPerDay: 3, lastSeen: '2026-11-20T14:00:00.000Z' },
          origin: { autoScalingGroup: 'web-asg' },
        },
        { instanceId: instanceId(1), verdict: 'open', usage: { kind: 'quiet' }, origin: {} },
        {
          instanceId: instanceId(2),
          verdict: 'open',
          held: 'usage-unknown',
          usage: { kind: 'unknown', why: 'gaps' },
          origin: {},
        },
        {
          instanceId: instanceId(4),
          verdict: 'open',
          held: 'exemption-malformed',
          usage: { kind: 'quiet' },
          origin: {},
        },
        {
          instanceId: instanceId(3),
          verdict: 'exempt',
          exemptUntil: '2026-11-25',
          exemptReason: 'agent X',
          origin: {},
        },
      ],
      rejected: { [instanceId(9)]: 12 },
      missingForEnforcement: ['4 instances still answer IMDSv1, or cannot be read', '1 exemptions are in use'],
      problems: ['the rule Launch is disabled'],
    },
    email: [
      'IMDSv2 enforcer, account 111122223333, eu-west-1, sweep of 2026-11-22T00:00:00Z: 16.6 % compliant.',
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
    attributes: { severity: 'warning', status: ['digest'], account: ACCOUNT, region: REGION, trigger: 'sweep' },
  });
});

describe('severity', () => {
  test.each<readonly [string, Partial<Digest>, 'info' | 'warning']>([
    ['how it stands', {}, 'info'],
    ['nothing is refused', { rejected: new Map() }, 'info'],
    ['something is refused', { rejected: new Map([[instanceId(1), 1]]) }, 'warning'],
    ['something is off', { problems: ['2 dead letters are waiting'] }, 'warning'],
  ])('%s → %s', (_, over, severity) => {
    expect(messageOf(digest([{}], over)).attributes.severity).toBe(severity);
  });

  test('that of what is refused stays, even if there is no room to name it', () => {
    const tags = { Name: '😀'.repeat(255) };
    const rejected = new Map(many(30_000, {}).map((_, index) => [instanceId(index), 1]));
    const of = digest(many(60, { tags }), { rejected });
    expect(messageOf(of)).toMatchObject({ attributes: { severity: 'warning' } });
  });
});

describe('closed', () => {
  const closed = (over: Partial<Digest>, ...given: readonly Given[]) => jsonOf(digest(given, over)).closed;
  test('is how many fewer answer than before the run', () => {
    expect(closed({ openBefore: 5, asked: 5 }, {}, {})).toBe(3);
    expect(closed({ openBefore: 1, asked: 1 }, {}, {})).toBe(0);
  });

  test('what cannot be read was not counted before, so it is none that stayed open', () => {
    expect(closed({ openBefore: 2, asked: 2 }, {}, { options: { HttpTokens: undefined } })).toBe(1);
  });

  test('a run that asked for nothing has closed nothing', () => {
    expect(closed({ openBefore: 5, asked: 0 }, {})).toBe(0);
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
    subject: '[IMDSv2 info] eu-west-1: nothing to judge, 0 open, 0 closed',
    json: { compliancePercent: undefined },
  });
});

test('compliance is never rounded up to all', () => {
  const of = digest([{}, ...many(3_000, { options: { HttpTokens: 'required' } })]);
  expect(jsonOf(of).compliancePercent).toBe(99.9);
});

test('the undo is one that the account allows', () => {
  const of = digest([{}], { rejected: new Map([[instanceId(1), 1]]) });
  expect(toDigestMessage(of, NOW, { exemptionHorizonDays: 5 }).email).toContain(' --for 5d ');
});

describe('size', () => {
  const LIMIT = 240 * 1024;
  const bytes = (of: Digest) => Buffer.byteLength(toSnsText(messageOf(of)), 'utf8');

  test('50 of each sort are named, and the rest is counted', () => {
    const of = digest([...many(60, {}), ...many(55, { tags: until('2026-11-23') })], {
      rejected: new Map(many(70, {}).map((_, index) => [instanceId(index), 1])),
    });
    expect(jsonOf(of).instances).toHaveLength(100);
    expect(Object.keys(jsonOf(of).rejected ?? {})).toHaveLength(50);
    expect(emailOf(of).match(/^ {2}and \d+ more$/gm)).toEqual(['  and 20 more', '  and 10 more', '  and 5 more']);
  });

  test.each(['😀'.repeat(255), '"\\'.repeat(128), '重'.repeat(255), "'".repeat(255)])(
    'names however heavy: fewer are named, the counts stay, and it fits SNS',
    (text) => {
      const keys = [
        'Name',
        'imdsv2:exempt-reason',
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
      const heavy = Object.fromEntries(keys.map((key) => [key, text]));
      const given: Given[] = [
        ...many(100, { tags: heavy, usage: USED }),
        ...many(100, { tags: heavy, usage: QUIET }),
        ...many(100, { tags: heavy }),
        ...many(100, { tags: { ...heavy, ...until(text) } }),
        ...many(100, { tags: { ...heavy, ...until('2026-11-23') } }),
        ...many(100, { tags: { ...heavy, ...until('2026-11-21') }, usage: USED }),
        ...many(100, { tags: { ...heavy, ...until('2036-11-21') } }),
        ...many(100, { tags: heavy, options: { HttpTokens: text } }),
      ];
      const of = digest(given, { problems: many(20, {}).map(() => text) }, 'enforce-when-quiet');
      expect(bytes(of)).toBeLessThanOrEqual(LIMIT);
      expect(jsonOf(of).instances.length).toBeGreaterThan(0);
      expect(jsonOf(of).counts).toMatchObject({ open: 600, exempt: 100, unreadable: 100 });
    },
  );

  test('hundred thousand open instances are one message', () => {
    const { open, tally } = digest([{}]);
    const [one] = open;
    if (one === undefined) throw new Error('no instance to repeat');
    const all = Array.from({ length: 100_000 }, (_, index) => ({ ...one, instanceId: instanceId(index) }));
    const of = digest([], { open: all, tally });
    expect(bytes(of)).toBeLessThanOrEqual(LIMIT);
    expect(jsonOf(of).open).toEqual({ 'existing-instance': 100_000 });
  });
});

test('for any names: subject under 100 ASCII characters, mail without hidden characters, links or extra lines', () => {
  const anyTags = fc.dictionary(
    fc.constantFrom(
      'Name',
      'imdsv2:exempt-until',
      'imdsv2:exempt-reason',
      'aws:autoscaling:groupName',
      'eks:nodegroup-name',
    ),
    hostileText(),
  );
  const given = fc
    .record({
      tags: anyTags,
      exempt: fc.constantFrom({}, until('2026-11-24'), until('2026-11-21')),
      HttpTokens: fc.constantFrom('optional', 'required', undefined),
      usage: fc.constantFrom(undefined, QUIET, USED, { kind: 'unknown', why: 'no-data' } as const),
    })
    .map(({ tags, exempt, HttpTokens, usage }) => ({ tags: { ...tags, ...exempt }, options: { HttpTokens }, usage }));
  fc.assert(
    fc.property(fc.array(given, { maxLength: 20 }), fc.array(hostileText(), { maxLength: 3 }), (those, problems) => {
      const of = digest(those, { problems, rejected: new Map([[instanceId(1), 1]]) }, 'enforce-when-quiet');
      const { subject, email, json } = messageOf(of);
      expect(subject).toMatch(/^\[IMDSv2 [ -~]{1,91}$/);
      const lines = email.split('\n');
      expect(lines.filter((line) => INVISIBLE.test(line))).toEqual([]);
      expect(email).not.toMatch(/:\/\/|www\.[a-z]{2}/i);
      // Lines of ours, and lines in a list: those that name an instance begin with its id.
      const OURS =
        /^$|^IMDSv2 enforcer, |^\d+ instances: |^\d+ open: |^Something is off |^IMDSv1 was refused |^Exemptions that |^Before HttpTokensEnforced |^Names and reasons |^ {2}/;
      expect(lines.filter((line) => !OURS.test(line))).toEqual([]);
      expect(JSON.stringify(json)).not.toMatch(INVISIBLE);
      expect(JSON.parse(JSON.stringify(json))).toMatchObject({ schema: 'imdsv2-enforcer.digest/v1' });
    }),
    { numRuns: 80 },
  );
});
