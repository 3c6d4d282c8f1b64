import fc from 'fast-check';
import { EXISTING } from '../../lambda/contract.ts';
import { decide, ROWS, rulingOn } from '../../lambda/core/decide.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { context, existing, NOW, policy, snapshot, type SnapshotChange } from '../support/builders.ts';

const until = (day: string) => ({ 'imdsv2:exempt-until': day });

test('numbers the rows from the top', () => {
  expect(ROWS.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(ROWS.map(({ name }) => name)).toEqual([
    'terminated',
    'aws-managed',
    'unreadable',
    'imds-off',
    'tokens-required',
    'exemption',
    'existing',
    'launches',
    'otherwise',
  ]);
});

test('states the rule of each row in a sentence of its own', () => {
  for (const { rule } of ROWS) expect(rule).toMatch(/^[A-Z][ -~]{20,}\.$/);
  expect(new Set(ROWS.map(({ rule }) => rule)).size).toBe(ROWS.length);
});

test.each<readonly [number, SnapshotChange]>([
  [1, { state: 'terminated' }],
  [2, { awsManaged: true }],
  [3, { options: { HttpTokens: undefined } }],
  [4, { options: { HttpEndpoint: 'disabled' } }],
  [5, { options: { HttpTokens: 'required' } }],
  [6, { tags: until('2026-12-31') }],
  [6, { tags: until('soon') }],
  [7, { firstLaunch: existing().firstLaunch }],
  [9, {}],
])('row %i decides about %j', (number, given) => {
  const ruling = rulingOn(snapshot(given), context({ trigger: 'running' }), policy(), NOW);
  expect(ruling.row.number).toBe(number);
});

describe('row 8, launches=enforce-when-unused', () => {
  const group = { 'aws:autoscaling:groupName': 'workers' };
  const inUse: Usage = { kind: 'in-use', count: 704, callsPerDay: 47, lastSeen: NOW, scope: 'group' };
  const launches = policy({ launches: 'enforce-when-unused' });
  const decideOn = (given: SnapshotChange, usage: Usage | undefined, trigger: string, rules = launches) =>
    decide(snapshot(given), context({ trigger, usage }), rules, NOW);

  test.each(['launch', 'running'])(
    'leaves a new instance of a group in use for review, with its use (%s)',
    (trigger) => {
      expect(decideOn({ tags: group }, inUse, trigger)).toEqual({
        kind: 'needs-review',
        problem: 'launch-source-in-use',
        value: expect.stringContaining('704 calls without a token in its Auto Scaling group'),
      });
    },
  );

  test.each<readonly [string, SnapshotChange, Usage | undefined, string]>([
    ['unknown usage', { tags: group }, { kind: 'unknown', why: 'no-data' }, 'launch'],
    ['an unused group', { tags: group }, { kind: 'unused', hours: 300 }, 'launch'],
    ['a group that was not measured', { tags: group }, undefined, 'launch'],
    ['an instance without a group', {}, inUse, 'launch'],
    ['drift', { tags: group }, inUse, 'drift'],
  ])('remediates %s', (_, given, usage, trigger) => {
    expect(decideOn(given, usage, trigger)).toEqual({ kind: 'remediate' });
  });

  test('is off by default', () => {
    expect(decideOn({ tags: group }, inUse, 'launch', policy())).toEqual({ kind: 'remediate' });
  });
});

test('names the row that decides, for every trigger and setting', () => {
  const anyChange = fc.record({
    state: fc.constantFrom('running', 'stopped', 'terminated'),
    awsManaged: fc.boolean(),
    options: fc.record({
      HttpTokens: fc.constantFrom('optional', 'required', undefined),
      HttpEndpoint: fc.constantFrom('enabled', 'disabled', undefined),
    }),
    tags: fc.constantFrom({}, until('2026-12-31'), until('2026-01-01'), until('2036-01-01'), until('soon')),
    firstLaunch: fc.constantFrom(undefined, new Date('2026-01-01T00:00:00Z'), NOW),
  });
  fc.assert(
    fc.property(anyChange, fc.constantFrom(...ALL_TRIGGERS), fc.constantFrom(...EXISTING), (change, trigger, mode) => {
      const given = snapshot(change);
      const { row, decision } = rulingOn(given, context({ trigger }), policy({ existing: mode }), NOW);
      expect(decide(given, context({ trigger }), policy({ existing: mode }), NOW)).toEqual(decision);
      expect(ROWS).toContain(row);
      expect(row.name === 'otherwise').toBe(decision.kind === 'remediate');
    }),
  );
});
