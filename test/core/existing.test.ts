import { decide, type Decision, isGated } from '../../lambda/core/decide.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { context, existing, NOW, policy, snapshot } from '../support/builders.ts';

const REMEDIATE: Decision = { kind: 'remediate' };
const EXISTING: Decision = { kind: 'needs-review', problem: 'existing-instance' };
const EXEMPT: Decision = { kind: 'exempt', until: '2026-12-31', grantReason: undefined, selfGranted: false };

describe('decide() in a scan', () => {
  const scanned = context({ trigger: 'scan' });
  test('treats every instance as existing, however new', () => {
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
])('isGated() is %s for %j', (gated, decision) => {
  expect(isGated(decision)).toBe(gated);
});

describe('decide() with existing=enforce-when-unused', () => {
  const whenUnused = policy({ existing: 'enforce-when-unused' });
  const IN_USE: Decision = { kind: 'needs-review', problem: 'in-use' };
  const USAGE_UNKNOWN: Decision = { kind: 'needs-review', problem: 'usage-unknown' };
  const USED: Usage = { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW };

  describe.each(['running', 'scan', 'command'] as const)('on %s of an existing instance', (trigger) => {
    test.each<readonly [string, Usage | undefined, Decision]>([
      ['remediates if the measured usage is zero', { kind: 'unused', hours: 336 }, REMEDIATE],
      ['asks for a review if IMDSv1 is in use', USED, IN_USE],
      ['asks for a review if the usage is unknown', { kind: 'unknown', why: 'gaps' }, USAGE_UNKNOWN],
      ['asks for a review if the usage was not measured', undefined, USAGE_UNKNOWN],
    ])('%s', (_, usage, decision) => {
      expect(decide(existing(), context({ trigger, usage }), whenUnused, NOW)).toEqual(decision);
    });

    test('exempts, even if unused', () => {
      const given = existing({ tags: { 'imdsv2:exempt-until': '2026-12-31' } });
      const unused = context({ trigger, usage: { kind: 'unused', hours: 336 } });
      expect(decide(given, unused, whenUnused, NOW)).toEqual(EXEMPT);
    });
  });

  test.each(['drift', 'revoke'] as const)('remediates on %s even if IMDSv1 is in use', (trigger) => {
    expect(decide(existing(), context({ trigger, usage: USED }), whenUnused, NOW)).toEqual(REMEDIATE);
  });

  test('remediates a first start in use, and never remediates what was just exempted', () => {
    const unused: Usage = { kind: 'unused', hours: 336 };
    expect(decide(snapshot(), context({ trigger: 'running', usage: USED }), whenUnused, NOW)).toEqual(REMEDIATE);
    expect(decide(existing(), context({ trigger: 'grant', usage: unused }), whenUnused, NOW)).toEqual(EXISTING);
  });

  test.each(['audit', 'enforce'] as const)('existing=%s does not depend on the usage', (mode) => {
    const decisions = [USED, { kind: 'unused', hours: 336 } as const].map((usage) =>
      decide(existing(), context({ trigger: 'scan', usage }), policy({ existing: mode }), NOW),
    );
    expect(decisions).toEqual(mode === 'audit' ? [EXISTING, EXISTING] : [REMEDIATE, REMEDIATE]);
  });
});

describe('decide() when a call removed all tags', () => {
  const allTagsRemoved = (usage?: Usage) => context({ trigger: 'revoke', recorded: { allTags: true }, usage });
  const USED: Usage = { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW };
  const UNUSED: Usage = { kind: 'unused', hours: 336 };

  test.each<readonly ['audit' | 'enforce-when-unused' | 'enforce', Usage | undefined, Decision]>([
    ['audit', undefined, EXISTING],
    ['audit', UNUSED, EXISTING],
    ['enforce-when-unused', UNUSED, REMEDIATE],
    ['enforce-when-unused', USED, { kind: 'needs-review', problem: 'in-use' }],
    ['enforce-when-unused', undefined, { kind: 'needs-review', problem: 'usage-unknown' }],
    ['enforce', USED, REMEDIATE],
  ])('existing=%s with usage %j decides %j, however old the instance is', (mode, usage, decision) => {
    for (const given of [snapshot(), existing()]) {
      expect(decide(given, allTagsRemoved(usage), policy({ existing: mode }), NOW)).toEqual(decision);
    }
  });

  test('remediates whatever the setting if the call named the tag', () => {
    for (const recorded of [undefined, { allTags: false }]) {
      expect(decide(existing(), context({ trigger: 'revoke', recorded }), policy(), NOW)).toEqual(REMEDIATE);
    }
  });

  test.each(['launch', 'drift'] as const)('ignores the removal of all tags on %s', (trigger) => {
    expect(decide(snapshot(), context({ trigger, recorded: { allTags: true } }), policy(), NOW)).toEqual(REMEDIATE);
  });

  test('exempts an instance that still has an exemption, and skips a compliant one', () => {
    const exempt = existing({ tags: { 'imdsv2:exempt-until': '2026-12-31' } });
    expect(decide(exempt, allTagsRemoved(UNUSED), policy({ existing: 'enforce' }), NOW)).toEqual(EXEMPT);
    const compliant = existing({ options: { HttpTokens: 'required' } });
    expect(decide(compliant, allTagsRemoved(), policy(), NOW)).toEqual({ kind: 'skip', reason: 'compliant' });
  });
});
