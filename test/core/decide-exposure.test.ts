import { EXISTING } from '../../lambda/contract.ts';
import { decide, type Decision } from '../../lambda/core/decide.ts';
import { contextFor, needsProof } from '../../lambda/core/exposure.ts';
import { type Proof, PROOFS, REQUESTED_OPTIONS, type RequestedOptions } from '../../lambda/core/target.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import {
  context,
  type ContextChange,
  LAUNCHED,
  NOW,
  policy,
  snapshot,
  type SnapshotChange,
} from '../support/builders.ts';
import { after } from '../support/ports.ts';

const REMEDIATE: Decision = { kind: 'remediate' };
const REPORT: Decision = { kind: 'needs-review', problem: 'existing-instance' };

/** Launched years ago and running since. */
const old = (over: SnapshotChange = {}) => {
  const launched = new Date('2021-03-01T08:00:00Z');
  return snapshot({ launchTime: launched, firstLaunch: launched, ...over });
};

const drift = (requested: RequestedOptions, before?: Proof, over: ContextChange = {}) =>
  context({
    trigger: 'drift',
    recorded: { HttpTokens: requested === 'optional-tokens' ? 'optional' : undefined, requested, before },
    ...over,
  });

describe('decide() on a change of metadata options of an old instance, with existing=audit,', () => {
  test.each<readonly [string, RequestedOptions, Proof | undefined, Decision]>([
    ['leaves a raised hop limit alone (1a)', 'other-options', 'imdsv1-enabled', REPORT],
    ['leaves an enabled endpoint alone if IMDSv1 was enabled', 'enabled-endpoint', 'imdsv1-enabled', REPORT],
    ['leaves all options as before alone (1c)', 'optional-tokens', 'imdsv1-enabled', REPORT],
    ['remediates if IMDS was off (1d)', 'other-options', 'imds-off', REMEDIATE],
    ['remediates if IMDS was off and only the endpoint was enabled', 'enabled-endpoint', 'imds-off', REMEDIATE],
    ['remediates if IMDS was off and all options were sent (1d)', 'optional-tokens', 'imds-off', REMEDIATE],
    ['remediates what was remediated last week (1e)', 'optional-tokens', 'imdsv2-required', REMEDIATE],
    ['remediates whatever was sent if IMDSv2 was required', 'other-options', 'imdsv2-required', REMEDIATE],
    ['remediates optional tokens if nothing is proven (1f)', 'optional-tokens', 'unknown', REMEDIATE],
    ['remediates an enabled endpoint if nothing is proven', 'enabled-endpoint', 'unknown', REMEDIATE],
    ['leaves other options alone if nothing is proven (1a, 1b)', 'other-options', 'unknown', REPORT],
    ['remediates optional tokens if nothing was looked at', 'optional-tokens', undefined, REMEDIATE],
    ['leaves other options alone if nothing was looked at', 'other-options', undefined, REPORT],
  ])('%s', (_, requested, before, decision) => {
    expect(decide(old(), drift(requested, before), policy(), NOW)).toEqual(decision);
  });

  test.each<readonly [string | undefined, Decision]>([
    ['optional', REMEDIATE],
    [undefined, REPORT],
  ])('judges a record of an earlier version by its tokens: %s', (HttpTokens, decision) => {
    const recorded = { HttpTokens, HttpEndpoint: 'enabled' };
    expect(decide(old(), context({ trigger: 'drift', recorded }), policy(), NOW)).toEqual(decision);
  });

  test.each(PROOFS)('remediates within 15 minutes of the first launch, whatever is proven: %s', (before) => {
    for (const requested of REQUESTED_OPTIONS) {
      expect(decide(snapshot(), drift(requested, before), policy(), NOW)).toEqual(REMEDIATE);
    }
  });

  test('follows `existing` if IMDSv1 was enabled before', () => {
    const given = (usage?: Usage) => drift('other-options', 'imdsv1-enabled', { usage });
    const unused: Usage = { kind: 'unused', hours: 336 };
    expect(decide(old(), given(), policy({ existing: 'enforce' }), NOW)).toEqual(REMEDIATE);
    const whenUnused = policy({ existing: 'enforce-when-unused' });
    expect(decide(old(), given(unused), whenUnused, NOW)).toEqual(REMEDIATE);
    expect(decide(old(), given(), whenUnused, NOW)).toEqual({ kind: 'needs-review', problem: 'usage-unknown' });
  });
});

describe('decide() on a RunInstances record, with existing=audit,', () => {
  const firstLaunch = (minutes: number) => snapshot({ firstLaunch: after(-60 * minutes, LAUNCHED) });
  test('remediates an instance that was first launched within 15 minutes before, or a little later (2)', () => {
    expect(decide(firstLaunch(15), context(), policy(), NOW)).toEqual(REMEDIATE);
    expect(decide(firstLaunch(-1), context(), policy(), NOW)).toEqual(REMEDIATE);
  });

  test('only reports an old instance, which a retry with the same client token names (2)', () => {
    expect(decide(firstLaunch(16), context(), policy(), NOW)).toEqual(REPORT);
    expect(decide(old(), context(), policy(), NOW)).toEqual(REPORT);
    expect(decide(snapshot({ firstLaunch: undefined }), context(), policy(), NOW)).toEqual(REPORT);
  });
});

describe('needsProof()', () => {
  test('is true for a change of metadata options of an old, running instance with IMDSv1 enabled', () => {
    for (const requested of REQUESTED_OPTIONS) expect(needsProof(old(), drift(requested))).toBe(true);
  });

  test.each([
    ['within 15 minutes of the first launch', snapshot()],
    ['if stopped', old({ state: 'stopped' })],
    ['if terminated', old({ state: 'terminated' })],
    ['if pending', old({ state: 'pending' })],
    ['with IMDSv2 required', old({ options: { HttpTokens: 'required' } })],
    ['with IMDS disabled', old({ options: { HttpEndpoint: 'disabled' } })],
    ['with unreadable options', old({ options: { HttpTokens: undefined } })],
    ['if an AWS service operates the instance', old({ awsManaged: true })],
  ])('is false %s', (_, given) => {
    expect(needsProof(given, drift('optional-tokens'))).toBe(false);
  });

  test('is false once something was looked at, and for every other trigger', () => {
    for (const proof of PROOFS) expect(needsProof(old(), drift('optional-tokens', proof))).toBe(false);
    for (const trigger of ['launch', 'running', 'grant', 'revoke', 'scan', 'command']) {
      expect(needsProof(old(), context({ trigger }))).toBe(false);
    }
  });
});

describe('contextFor()', () => {
  test('is not drift if the exposure existed before, and a RunInstances record of an old instance is no launch', () => {
    expect(contextFor(old(), drift('other-options', 'imdsv1-enabled')).trigger).toEqual({
      name: 'drift',
      inDigest: true,
    });
    expect(contextFor(old(), context()).trigger).toEqual({ name: 'launch', inDigest: true });
  });

  test.each([drift('optional-tokens', 'unknown'), context({ trigger: 'running' }), context({ trigger: 'scan' })])(
    'is the same otherwise (%#)',
    (given) => {
      expect(contextFor(old(), given)).toBe(given);
    },
  );
});

describe('decide() with a wrong exemption tag (4)', () => {
  const wrong = ['9999-12-31', 'x', ''];
  const tagged = (value: string) => ({ tags: { 'imdsv2:exempt-until': value } });

  test.each(wrong)('%p needs review at the launch that brings it, and when it is set', (value) => {
    const problem = value === '9999-12-31' ? 'exemption-exceeds-maximum' : 'exemption-malformed';
    const review = { kind: 'needs-review', problem, value };
    for (const existing of EXISTING) {
      const launched = context({ recorded: { HttpTokens: 'optional', grantedByCall: true } });
      expect(decide(snapshot(tagged(value)), launched, policy({ existing }), NOW)).toEqual(review);
      expect(decide(snapshot(tagged(value)), context({ trigger: 'running' }), policy({ existing }), NOW)).toEqual(
        review,
      );
      expect(decide(old(tagged(value)), context({ trigger: 'grant' }), policy({ existing }), NOW)).toEqual(review);
    }
  });

  test.each(wrong)('%p exempts nothing afterwards', (value) => {
    const scanned = context({ trigger: 'scan' });
    expect(decide(old(tagged(value)), scanned, policy(), NOW)).toEqual(REPORT);
    expect(decide(old(tagged(value)), scanned, policy({ existing: 'enforce' }), NOW)).toEqual(REMEDIATE);
    expect(decide(snapshot(tagged(value)), scanned, policy({ existing: 'enforce' }), NOW)).toEqual(REMEDIATE);
    expect(decide(old(tagged(value)), drift('optional-tokens', 'imdsv2-required'), policy(), NOW)).toEqual(REMEDIATE);
    expect(decide(old(tagged(value)), context({ trigger: 'running' }), policy(), NOW)).toEqual(REPORT);
    expect(decide(old(tagged(value)), context({ trigger: 'revoke' }), policy(), NOW)).toEqual(REMEDIATE);
  });
});

describe('decide() on a launch that brings an exemption tag (3)', () => {
  const brought = (over: ContextChange = {}) =>
    context({ recorded: { HttpTokens: 'required', HttpEndpoint: 'enabled', grantedByCall: true }, ...over });
  const tagged = (value: string, options = {}) => ({ tags: { 'imdsv2:exempt-until': value }, options });
  const compliant = { HttpTokens: 'required' };

  test('reports it although the instance is compliant, or IMDS is off', () => {
    const exempt = { kind: 'exempt', until: '2026-12-31', grantReason: undefined, selfGranted: true };
    for (const options of [compliant, { HttpEndpoint: 'disabled' }]) {
      expect(decide(snapshot(tagged('2026-12-31', options)), brought(), policy(), NOW)).toEqual(exempt);
    }
    expect(decide(snapshot(tagged('x', compliant)), brought(), policy(), NOW)).toMatchObject({
      problem: 'exemption-malformed',
    });
  });

  test('skips a compliant instance whose tag has expired', () => {
    expect(decide(snapshot(tagged('2026-11-21', compliant)), brought(), policy(), NOW)).toMatchObject({ kind: 'skip' });
  });

  test('is no launch if the record names an old instance, whose tag was reported when it was set', () => {
    expect(decide(old(tagged('2026-12-31', compliant)), brought(), policy(), NOW)).toMatchObject({ kind: 'skip' });
    expect(decide(old(tagged('2026-12-31')), brought(), policy(), NOW)).toMatchObject({ selfGranted: false });
  });
});

describe('decide() with enforceSince', () => {
  const since = (enforceSince: string | undefined, existing: (typeof EXISTING)[number] = 'audit') =>
    policy({ enforceSince, existing });
  const launchedOn = (day: string) => old({ firstLaunch: new Date(`${day}T00:00:00Z`) });
  const scanned = (usage?: Usage) => context({ trigger: 'scan', usage });
  const UNUSED: Usage = { kind: 'unused', hours: 336 };
  const USED: Usage = { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW };

  test('remediates an unused instance that was first launched on that day or later', () => {
    expect(decide(launchedOn('2026-10-02'), scanned(UNUSED), since('2026-10-01'), NOW)).toEqual(REMEDIATE);
    expect(decide(launchedOn('2026-10-01'), scanned(UNUSED), since('2026-10-01'), NOW)).toEqual(REMEDIATE);
  });

  test('only reports an earlier one, one whose first launch is unknown, and all if it is not set', () => {
    expect(decide(launchedOn('2026-09-30'), scanned(UNUSED), since('2026-10-01'), NOW)).toEqual(REPORT);
    expect(decide(old({ firstLaunch: undefined }), scanned(UNUSED), since('2026-10-01'), NOW)).toEqual(REPORT);
    expect(decide(launchedOn('2026-10-02'), scanned(UNUSED), since(undefined), NOW)).toEqual(REPORT);
  });

  test('asks for a review of one that is in use, or was not measured, unless existing=enforce', () => {
    const young = launchedOn('2026-10-02');
    for (const existing of ['audit', 'enforce-when-unused'] as const) {
      const given = since('2026-10-01', existing);
      expect(decide(young, scanned(USED), given, NOW)).toEqual({ kind: 'needs-review', problem: 'in-use' });
      expect(decide(young, scanned(), given, NOW)).toEqual({ kind: 'needs-review', problem: 'usage-unknown' });
    }
    expect(decide(young, scanned(USED), since('2026-10-01', 'enforce'), NOW)).toEqual(REMEDIATE);
  });

  test('never remediates because the exemption tag was set', () => {
    const granted = context({ trigger: 'grant', usage: UNUSED });
    expect(decide(launchedOn('2026-10-02'), granted, since('2026-10-01'), NOW)).toEqual(REPORT);
  });
});
