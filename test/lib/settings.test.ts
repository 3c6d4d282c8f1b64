import fc from 'fast-check';
import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { ConfigError } from '../../lambda/parsers.ts';
import type { Mode } from '../../lambda/contract.ts';
import { Imdsv2Enforcer } from '../../lib/index.ts';
import { settingsInContext } from '../../lib/app-context.ts';
import { DEFAULTS, SETTINGS, type Settings } from '../../lib/settings.ts';
import { newApp } from './synth.ts';

function problemsOf(context: Record<string, unknown>): readonly string[] {
  try {
    settingsInContext(context);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('an empty context has the defaults, and keys of others are ignored', () => {
  expect(settingsInContext({ '@aws-cdk/core:checkSecretUsage': true })).toEqual(DEFAULTS);
  expect(DEFAULTS).toMatchObject<Partial<Settings>>({
    mode: 'enforce',
    existing: 'audit',
    regions: [],
    trail: 'existing',
    maxExemptionDays: 90,
    scanEveryHours: 6,
    usageLookBackDays: 14,
    usageMinimumAgeDays: 1,
    logRetentionDays: 90,
    roleGuard: 'on',
  });
});

test('every default is accepted as a setting', () => {
  for (const [key, value] of Object.entries(DEFAULTS)) expect(problemsOf({ [key]: value })).toEqual([]);
  expect(Object.keys(DEFAULTS)).toEqual(Object.keys(SETTINGS));
});

test('-c passes strings', () => {
  const context = {
    mode: 'audit',
    existing: 'enforce',
    enforceSince: '2026-11-01',
    regions: 'us-east-1, eu-west-1,us-east-1',
    trail: 'create',
    alertEmail: 'security@example.com, ciso@example.com,security@example.com',
    operationsEmail: 'platform@example.com',
    maxExemptionDays: '30',
    scanEveryHours: '24',
    usageLookBackDays: '63',
    usageMinimumAgeDays: '7',
    logRetentionDays: '365',
    roleGuard: 'off',
    permissionsBoundary: 'boundary',
    rolePath: '/security/',
    tags: 'team=security, cost-center=a=b',
    dashboard: 'off',
    runbookUrl: 'https://wiki.example.com/imdsv2',
  };
  expect(settingsInContext(context)).toEqual<Settings>({
    ...DEFAULTS,
    mode: 'audit',
    existing: 'enforce',
    enforceSince: '2026-11-01',
    regions: ['us-east-1', 'eu-west-1'],
    trail: 'create',
    alertEmail: ['security@example.com', 'ciso@example.com'],
    operationsEmail: ['platform@example.com'],
    maxExemptionDays: 30,
    scanEveryHours: 24,
    usageLookBackDays: 63,
    usageMinimumAgeDays: 7,
    logRetentionDays: 365,
    roleGuard: 'off',
    permissionsBoundary: 'boundary',
    rolePath: '/security/',
    tags: { team: 'security', 'cost-center': 'a=b' },
    dashboard: 'off',
    runbookUrl: 'https://wiki.example.com/imdsv2',
  });
});

test('cdk.json may contain numbers and lists', () => {
  expect(
    settingsInContext({ maxExemptionDays: 30, logRetentionDays: 7, alertEmail: ['a@example.com', 'b@example.com'] }),
  ).toEqual({
    ...DEFAULTS,
    maxExemptionDays: 30,
    logRetentionDays: 7,
    alertEmail: ['a@example.com', 'b@example.com'],
  });
});

test('one error lists all problems with the key, the value and the accepted values', () => {
  expect(() => settingsInContext({ mode: 'enfroce', existing: 'maybe', alertEmail: 'nope' })).toThrow(
    new ConfigError([
      'mode is "enfroce"; accepted: enforce | audit',
      'existing is "maybe"; accepted: audit | enforce-when-unused | enforce',
      'alertEmail is "nope"; accepted: e-mail addresses, separated by commas',
    ]),
  );
});

test.each<[string, unknown]>([
  ['mode', ''],
  ['mode', true],
  ['enforceSince', ''],
  ['enforceSince', '2026-02-31'],
  ['enforceSince', '14d'],
  ['trail', 'yes'],
  ['regions', ''],
  ['regions', 'us-east-1,'],
  ['regions', 'us-east-1,Ireland'],
  ['regions', ['us-east-1', 'all']],
  // A variable that the pipeline did not set must not mean that no one is subscribed.
  ['alertEmail', ''],
  ['alertEmail', 'a@example.com,'],
  ['alertEmail', 'a@example.com b@example.com'],
  ['operationsEmail', 'platform'],
  ['maxExemptionDays', 0],
  ['maxExemptionDays', 3651],
  ['maxExemptionDays', '1e2'],
  ['maxExemptionDays', 1.5],
  // The hours would differ from day to day.
  ['scanEveryHours', 5],
  ['scanEveryHours', 48],
  ['scanEveryHours', '06'],
  ['usageLookBackDays', 0],
  ['usageLookBackDays', 64],
  ['usageMinimumAgeDays', 0],
  // More than the default of usageLookBackDays.
  ['usageMinimumAgeDays', 15],
  // CloudWatch Logs does not support 100 days.
  ['logRetentionDays', 100],
  ['roleGuard', false],
  ['permissionsBoundary', ''],
  ['permissionsBoundary', 'arn:aws:iam::111122223333:role/boundary'],
  ['permissionsBoundary', 'my policy'],
  ['rolePath', '/'],
  ['rolePath', 'security'],
  ['rolePath', '/security'],
  ['logKmsKeyArn', 'alias/logs'],
  ['logKmsKeyArn', 'arn:aws:kms:eu-west-1:111122223333:alias/logs'],
  ['tags', 'team'],
  ['tags', 'aws:team=security'],
  ['tags', { team: 1 }],
  ['tags', '{"team":'],
  ['dashboard', false],
  ['runbookUrl', 'http://wiki.example.com/imdsv2'],
  ['runbookUrl', 'https://wiki.example.com/imdsv2#top'],
])('%s=%j is not accepted', (key, value) => {
  expect(problemsOf({ [key]: value })).toEqual([expect.stringMatching(`^${key} is .*; accepted: `)]);
});

test('usageMinimumAgeDays must not exceed usageLookBackDays', () => {
  expect(problemsOf({ usageLookBackDays: 7, usageMinimumAgeDays: 8 })).toEqual([
    'usageMinimumAgeDays is "8"; accepted: no more than usageLookBackDays, which is 7',
  ]);
  expect(problemsOf({ usageLookBackDays: 7, usageMinimumAgeDays: 7 })).toEqual([]);
});

test('props that are not accepted are error annotations of the construct', () => {
  const stack = new Stack(newApp(), 'Stack');
  const code = Code.fromInline('export const handler = async () => {};');
  new Imdsv2Enforcer(stack, 'Enforcer', {
    code: { enforce: code, scan: code, notify: code },
    mode: 'enfroce' as Mode,
    maxExemptionDays: 0,
  });
  const errors = Annotations.fromStack(stack).findError('*', Match.anyValue());
  expect(errors.map(({ entry }) => entry.data)).toEqual([
    'mode is "enfroce"; accepted: enforce | audit',
    'maxExemptionDays is "0"; accepted: a whole number from 1 to 3650',
  ]);
});

describe('a key of the context that is probably meant for a setting', () => {
  it.each([
    ['mod', 'mode'],
    ['Mode', 'mode'],
    ['modes', 'mode'],
    ['existingOnes', 'existing'],
    ['region', 'regions'],
    ['imdsv2:mode', 'mode'],
    ['imdsv2-enforcer:alertEmail', 'alertEmail'],
    ['alertEmails', 'alertEmail'],
    ['alert-email', 'alertEmail'],
    ['ALERT_EMAIL', 'alertEmail'],
    ['emailAlert', 'alertEmail'],
    ['operationEmail', 'operationsEmail'],
    ['scanEveryHour', 'scanEveryHours'],
    ['scanHours', 'scanEveryHours'],
    ['maxExemptionDay', 'maxExemptionDays'],
    ['roleGurd', 'roleGuard'],
    ['runbookURL', 'runbookUrl'],
    ['enforcesince', 'enforceSince'],
  ])('%s is an error that names %s', (key, setting) => {
    expect(problemsOf({ [key]: 'x' })).toEqual([`${key} is not a setting; did you mean ${setting}?`]);
  });

  it('is an error for one wrong, missing, doubled or swapped character in any setting', () => {
    const mistyped = fc.constantFrom(...Object.keys(SETTINGS)).chain((name) =>
      fc.tuple(fc.nat(name.length - 2), fc.constantFrom('', 'q', 'qq')).map(([at, instead]) => ({
        name,
        keys: [
          name.slice(0, at) + instead + name.slice(at + 1),
          name.slice(0, at + 1) + name.slice(at),
          name.slice(0, at) + name[at + 1] + name[at] + name.slice(at + 2),
        ].filter((key) => key !== name),
      })),
    );
    fc.assert(
      fc.property(mistyped, ({ name, keys }) => {
        const lengthened = keys.filter((key) => name.length > 5 || key.length <= name.length);
        for (const key of lengthened) expect(problemsOf({ [key]: 'x' })).toEqual([expect.stringContaining(key)]);
      }),
    );
  });

  it.each(['@aws-cdk/core:mode', 'availability-zones:account=1:region=eu-west-1', 'aws:cdk:mode', 'vpcId', 'team'])(
    '%s is left to others',
    (key) => expect(settingsInContext({ [key]: 'x' })).toEqual(DEFAULTS),
  );
});

test.each([
  ['mode', { of: 'audit' }, 'of'],
  ['mode', true, 'true'],
  ['alertEmail', null, 'null'],
  ['regions', [['eu-west-1']], 'eu-west-1'],
])('%s in a wrong form is an error that shows it', (key, value, shown) => {
  expect(problemsOf({ [key]: value })[0]).toContain(shown);
  expect(problemsOf({ [key]: value })[0]).toContain(key);
});
