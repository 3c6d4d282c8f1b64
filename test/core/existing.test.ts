import { decide, type Decision, isGated } from '../../lambda/core/decide.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { context, existing, NOW, policy, snapshot } from '../support/builders.ts';

const REMEDIATE: Decision = { kind: 'remediate' };
const EXISTING: Decision = { kind: 'needs-review', problem: 'existing-instance' };
const EXEMPT: Decision = { kind: 'exempt', until: '2026-12-31', grantReason: undefined, selfGranted: false };

describe('the scan', () => {
  const scanned = context({ trigger: 'scan' });
  test('takes every instance for an existing one, however new', () => {
    for (const given of [snapshot(), existing()]) {
      expect(decide(given, scanned, policy(), NOW)).toEqual(EXISTING);
      expect(decide(given, scanned, policy({ existing: 'enforce' }), NOW)).toEqual(REMEDIATE);
    }
  });
});

test.each<readonly [boolean, Decision]>([
  [true, { kind: 'needs-review', problem: 'usage-unknown' }],
  [false, { kind: 'needs-review', problem: 'in-use' }],
  [false, EXISTING],
  [false, EXEMPT],
  [false, REMEDIATE],
  [false, { kind: 'skip', reason: 'compliant' }],
])('is gated: %s: %j', (gated, decision) => {
  expect(isGated(decision)).toBe(gated);
});

describe('existing=enforce-when-unused', () => {
  const whenUnused = policy({ existing: 'enforce-when-unused' });
  const IN_USE: Decision = { kind: 'needs-review', problem: 'in-use' };
  const NOT_KNOWN: Decision = { kind: 'needs-review', problem: 'usage-unknown' };
  const USED: Usage = { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW };

  describe.each(['running', 'scan'] as const)('%s of an existing instance', (trigger) => {
    test.each<readonly [string, Usage | undefined, Decision]>([
      ['whose measured use is zero → remediated', { kind: 'unused', hours: 336 }, REMEDIATE],
      ['that was used → held', USED, IN_USE],
      ['of which nothing can be said → held', { kind: 'unknown', why: 'gaps' }, NOT_KNOWN],
      ['that was not measured → held', undefined, NOT_KNOWN],
    ])('%s', (_, usage, decision) => {
      expect(decide(existing(), context({ trigger, usage }), whenUnused, NOW)).toEqual(decision);
    });

    test('that is exempt stays so, unused or not', () => {
      const given = existing({ tags: { 'imdsv2:exempt-until': '2026-12-31' } });
      const unused = context({ trigger, usage: { kind: 'unused', hours: 336 } });
      expect(decide(given, unused, whenUnused, NOW)).toEqual(EXEMPT);
    });
  });

  test.each(['launch', 'drift', 'revoke', 'command'] as const)('%s: use is no excuse', (trigger) => {
    expect(decide(existing(), context({ trigger, usage: USED }), whenUnused, NOW)).toEqual(REMEDIATE);
  });

  test('use is no excuse for the first start, and no reason to close what was just exempted', () => {
    const unused: Usage = { kind: 'unused', hours: 336 };
    expect(decide(snapshot(), context({ trigger: 'running', usage: USED }), whenUnused, NOW)).toEqual(REMEDIATE);
    expect(decide(existing(), context({ trigger: 'grant', usage: unused }), whenUnused, NOW)).toEqual(EXISTING);
  });

  test.each(['audit', 'enforce'] as const)('existing=%s does not ask for the use', (mode) => {
    const decisions = [USED, { kind: 'unused', hours: 336 } as const].map((usage) =>
      decide(existing(), context({ trigger: 'scan', usage }), policy({ existing: mode }), NOW),
    );
    expect(decisions).toEqual(mode === 'audit' ? [EXISTING, EXISTING] : [REMEDIATE, REMEDIATE]);
  });
});

describe('a call that took all tags, and nobody knows whether an exemption was among them', () => {
  const context_ = (usage?: Usage) => context({ trigger: 'revoke', recorded: { allTags: true }, usage });
  const USED: Usage = { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW };
  const UNUSED: Usage = { kind: 'unused', hours: 336 };

  test.each<readonly ['audit' | 'enforce-when-unused' | 'enforce', Usage | undefined, Decision]>([
    ['audit', undefined, EXISTING],
    ['audit', UNUSED, EXISTING],
    ['enforce-when-unused', UNUSED, REMEDIATE],
    ['enforce-when-unused', USED, { kind: 'needs-review', problem: 'in-use' }],
    ['enforce-when-unused', undefined, { kind: 'needs-review', problem: 'usage-unknown' }],
    ['enforce', USED, REMEDIATE],
  ])('existing=%s, %j → %j, however old the instance is', (mode, usage, decision) => {
    for (const given of [snapshot(), existing()]) {
      expect(decide(given, context_(usage), policy({ existing: mode }), NOW)).toEqual(decision);
    }
  });

  test('the tag itself was named: closed whatever the account chose', () => {
    for (const recorded of [undefined, { allTags: false }]) {
      expect(decide(existing(), context({ trigger: 'revoke', recorded }), policy(), NOW)).toEqual(REMEDIATE);
    }
  });

  test.each(['launch', 'drift', 'command'] as const)('says nothing about a %s', (trigger) => {
    expect(decide(existing(), context({ trigger, recorded: { allTags: true } }), policy(), NOW)).toEqual(REMEDIATE);
  });

  test('an instance that has its exemption all the same stays exempt; one that is closed is compliant', () => {
    const exempt = existing({ tags: { 'imdsv2:exempt-until': '2026-12-31' } });
    expect(decide(exempt, context_(UNUSED), policy({ existing: 'enforce' }), NOW)).toEqual(EXEMPT);
    const closed = existing({ options: { HttpTokens: 'required' } });
    expect(decide(closed, context_(), policy(), NOW)).toEqual({ kind: 'skip', reason: 'compliant' });
  });
});
