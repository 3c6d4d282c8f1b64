import fc from 'fast-check';
import { EXISTING, TAG } from '../../lambda/contract.ts';
import { CHANGE, decide, type Decision, type Policy } from '../../lambda/core/decide.ts';
import { readExemption } from '../../lambda/core/exemption.ts';
import { isFirstLaunch, type MetadataOptions, type Snapshot } from '../../lambda/core/instance.ts';
import { type Context, PROOFS, REQUESTED_OPTIONS } from '../../lambda/core/target.ts';
import type { TriggerTraits } from '../../lambda/core/trigger.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { grant } from '../../lambda/triggers/grant.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';
import { CALLER, NOW } from '../support/builders.ts';
import { hostileText } from '../support/hostile.ts';

const DAY = 86_400_000;
const RUNS = { numRuns: 3_000 };

/** Mostly values of EC2, so that every row of the decision table is reached. */
const oneOf = (...values: readonly string[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: hostileText({ maxLength: 20 }) },
  );

const anyOptions: fc.Arbitrary<MetadataOptions> = fc.record({
  HttpTokens: oneOf('optional', 'optional', 'required'),
  HttpEndpoint: oneOf('enabled', 'enabled', 'disabled'),
  HttpPutResponseHopLimit: fc.option(fc.integer({ min: 1, max: 64 }), { nil: undefined }),
  HttpProtocolIpv6: oneOf('enabled', 'disabled'),
  InstanceMetadataTags: oneOf('enabled', 'disabled'),
  State: oneOf('applied', 'pending'),
});

const anyDay = fc
  .integer({ min: -400, max: 4000 })
  .map((days) => new Date(NOW.getTime() + days * DAY).toISOString().slice(0, 10));

const anyTags = fc
  .record(
    {
      [TAG.exemptUntil]: fc.oneof(anyDay, hostileText({ maxLength: 20 })),
      [TAG.exemptReason]: hostileText({ maxLength: 20 }),
      Name: hostileText({ maxLength: 20 }),
    },
    { requiredKeys: [] },
  )
  .map((tags) => new Map(Object.entries(tags)));

const anyTime = fc.option(
  fc.integer({ min: -60, max: 5 }).map((minutes) => new Date(NOW.getTime() + minutes * 60_000)),
  { nil: undefined },
);

const anySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  instanceId: fc.constant('i-0a1b2c3d4e5f60718'),
  state: fc.oneof(
    { weight: 2, arbitrary: fc.constant('running') },
    { weight: 1, arbitrary: fc.constantFrom('pending', 'stopping', 'stopped', 'shutting-down', 'terminated', '') },
  ),
  options: anyOptions,
  awsManaged: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  launchTime: anyTime,
  firstLaunch: anyTime,
  tags: fc.oneof(fc.constant(new Map<string, string>()), anyTags),
});

const anyContext: fc.Arbitrary<Context> = fc.record({
  trigger: fc.constantFrom(...ALL_TRIGGERS),
  eventId: hostileText({ maxLength: 20 }),
  occurredAt: fc.integer({ min: -90, max: 5 }).map((minutes) => new Date(NOW.getTime() + minutes * 60_000)),
  caller: fc.constantFrom(undefined, CALLER),
  recorded: fc.option(
    fc.record({
      HttpTokens: oneOf('optional', 'required'),
      HttpEndpoint: oneOf('enabled', 'disabled'),
      grantedByCall: fc.option(fc.boolean(), { nil: undefined }),
      allTags: fc.option(fc.boolean(), { nil: undefined }),
      requested: fc.constantFrom(undefined, ...REQUESTED_OPTIONS),
      before: fc.constantFrom(undefined, ...PROOFS),
    }),
    { nil: undefined },
  ),
  usage: fc.constantFrom<Usage | undefined>(
    undefined,
    { kind: 'unused', hours: 336 },
    { kind: 'in-use', count: 1, callsPerDay: 1, lastSeen: NOW },
    { kind: 'unknown', why: 'gaps' },
  ),
});

const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  existing: fc.constantFrom(...EXISTING),
  maxExemptionDays: fc.integer({ min: 1, max: 3650 }),
  enforceSince: fc.constantFrom(undefined, '2020-01-01', '2026-11-22', '2026-11-23'),
});

/** Checks a rule for any input, and returns the number of remediations to show that it was reached. */
function forAll(rule: (decision: Decision, snapshot: Snapshot, context: Context, policy: Policy) => void): number {
  let remediated = 0;
  fc.assert(
    fc.property(anySnapshot, anyContext, anyPolicy, (snapshot, context, policy) => {
      const decision = decide(snapshot, context, policy, NOW);
      if (decision.kind === 'remediate') remediated += 1;
      rule(decision, snapshot, context, policy);
    }),
    RUNS,
  );
  return remediated;
}

/** Values of a field from the least to the most secure. An unknown value counts as the least secure. */
const STRENGTH = {
  HttpTokens: ['optional', 'required'],
  HttpEndpoint: ['enabled', 'disabled'],
} as const;

const strength = (field: keyof typeof STRENGTH, options: MetadataOptions): number =>
  (STRENGTH[field] as readonly string[]).indexOf(options[field] ?? '');

test('the change weakens no field, and changes no field that it does not name', () => {
  const remediated = forAll((decision, { options }) => {
    if (decision.kind !== 'remediate') return;
    const after: MetadataOptions = { ...options, ...CHANGE };
    expect(strength('HttpTokens', after)).toBeGreaterThan(strength('HttpTokens', options));
    expect(after.HttpEndpoint).toBe(options.HttpEndpoint);
    expect(after).toEqual({ ...options, HttpTokens: 'required' });
  });
  expect(remediated).toBeGreaterThan(150);
});

test('the change has two fields and no other', () => {
  expect(CHANGE).toEqual({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
});

test('remediates only instances with IMDSv1 enabled that can be modified and are not terminated', () => {
  forAll((decision, { state, awsManaged, options }) => {
    if (decision.kind !== 'remediate') return;
    expect([state === 'shutting-down', state === 'terminated', awsManaged]).toEqual([false, false, false]);
    expect([options.HttpTokens, options.HttpEndpoint]).toEqual(['optional', 'enabled']);
  });
});

test('never remediates with an exemption in date, nor a launch that brings any tag but a past date', () => {
  forAll((decision, snapshot, { trigger, occurredAt }, { maxExemptionDays }) => {
    const { tags } = snapshot;
    const value = tags.get(TAG.exemptUntil);
    if (decision.kind !== 'remediate' || value === undefined) return;
    const exemption = readExemption(tags, NOW, maxExemptionDays).kind;
    expect(exemption).not.toBe('active');
    if (trigger.name === 'launch' && isFirstLaunch(snapshot, occurredAt)) expect(exemption).toBe('expired');
  });
});

test('exempts nothing for longer than the maximum', () => {
  forAll((decision, _snapshot, _context, { maxExemptionDays }) => {
    if (decision.kind !== 'exempt') return;
    const days = (new Date(decision.until).getTime() - NOW.getTime()) / DAY;
    expect(days).toBeLessThanOrEqual(maxExemptionDays);
    expect(days).toBeGreaterThan(-1);
  });
});

test('never remediates because the exemption tag was set', () => {
  const imdsv1Enabled = fc.record({ HttpTokens: fc.constant('optional'), HttpEndpoint: fc.constant('enabled') });
  const nonCompliant = fc.tuple(anySnapshot, imdsv1Enabled).map(([snapshot, options]) => ({ ...snapshot, options }));
  fc.assert(
    fc.property(fc.oneof(nonCompliant, anySnapshot), anyContext, anyPolicy, (snapshot, context, policy) => {
      expect(decide(snapshot, { ...context, trigger: grant }, policy, NOW).kind).not.toBe('remediate');
    }),
    RUNS,
  );
});

test('with existing=audit, never remediates because all tags were removed', () => {
  forAll((decision, _snapshot, { trigger, recorded }, { existing, enforceSince }) => {
    if (trigger.exemptionTag !== 'removed' || recorded?.allTags !== true) return;
    if (existing !== 'audit' || enforceSince !== undefined) return;
    expect(decision.kind).not.toBe('remediate');
  });
});

test('always reports an exemption in date that was just set', () => {
  const modifiable = anySnapshot.filter(
    ({ state, awsManaged }) => !awsManaged && state !== 'terminated' && state !== 'shutting-down',
  );
  const tags = fc.integer({ min: 0, max: 30 }).map((days) => {
    const day = new Date(NOW.getTime() + days * DAY).toISOString().slice(0, 10);
    return new Map<string, string>([[TAG.exemptUntil, day]]);
  });
  fc.assert(
    fc.property(modifiable, tags, anyContext, (snapshot, tags, context) => {
      const policy = { existing: 'enforce', maxExemptionDays: 90 } as const;
      expect(decide({ ...snapshot, tags }, { ...context, trigger: grant }, policy, NOW).kind).toMatch(
        /^(exempt|needs-review)$/,
      );
    }),
  );
});

test('with existing=audit, remediates new exposure only, and what was launched since enforceSince if unused', () => {
  const remediated = forAll((decision, { firstLaunch }, { trigger, recorded, occurredAt, usage }, policy) => {
    if (decision.kind !== 'remediate' || policy.existing !== 'audit') return;
    const minutes = (occurredAt.getTime() - (firstLaunch?.getTime() ?? NaN)) / 60_000;
    const asked = recorded?.requested ?? (recorded?.HttpTokens === 'optional' ? 'optional-tokens' : 'other-options');
    const proof = recorded?.before ?? 'unknown';
    const allowed = [
      minutes <= 15 && ['launch', 'running', 'drift'].includes(trigger.name),
      trigger.name === 'drift' && proof !== 'imdsv1-enabled' && (asked !== 'other-options' || proof !== 'unknown'),
      trigger.name === 'revoke' && recorded?.allTags !== true,
      usage?.kind === 'unused' && (firstLaunch?.toISOString() ?? '') >= (policy.enforceSince ?? 'never'),
    ];
    expect(allowed).toContain(true);
  });
  expect(remediated).toBeGreaterThan(150);
});

test('with existing=audit and without enforceSince, a trigger that states nothing but its name changes nothing', () => {
  const madeUp: TriggerTraits = { name: 'made-up' };
  fc.assert(
    fc.property(anySnapshot, anyContext, fc.integer({ min: 1, max: 3650 }), (snapshot, context, maxExemptionDays) => {
      const policy = { existing: 'audit', maxExemptionDays } as const;
      expect(decide(snapshot, { ...context, trigger: madeUp }, policy, NOW).kind).not.toBe('remediate');
    }),
    RUNS,
  );
});

test('never skips an instance with IMDSv1 enabled', () => {
  forAll((decision, { state, awsManaged, options }) => {
    const imdsv1Enabled = options.HttpTokens === 'optional' && options.HttpEndpoint === 'enabled';
    if (!imdsv1Enabled || awsManaged || state === 'shutting-down' || state === 'terminated') return;
    expect(decision.kind).not.toBe('skip');
  });
});

test('never reports unreadable options as compliant', () => {
  forAll((decision, { options }) => {
    if (decision.kind !== 'skip' || (decision.reason !== 'compliant' && decision.reason !== 'already-remediated'))
      return;
    expect([options.HttpTokens, options.HttpEndpoint]).toEqual(['required', 'enabled']);
  });
});
