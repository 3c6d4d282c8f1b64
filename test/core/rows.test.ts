import fc from 'fast-check';
import { EXISTING } from '../../lambda/contract.ts';
import { decide, ROWS, rulingOn } from '../../lambda/core/decide.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { context, existing, NOW, policy, snapshot, type SnapshotChange } from '../support/builders.ts';

const until = (day: string) => ({ 'imdsv2:exempt-until': day });

test('numbers the rows from the top', () => {
  expect(ROWS.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(ROWS.map(({ name }) => name)).toEqual([
    'terminated',
    'aws-managed',
    'unreadable',
    'imds-off',
    'tokens-required',
    'exemption',
    'existing',
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
  [8, {}],
])('row %i decides about %j', (number, given) => {
  const ruling = rulingOn(snapshot(given), context({ trigger: 'running' }), policy(), NOW);
  expect(ruling.row.number).toBe(number);
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
