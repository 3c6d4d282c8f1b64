import fc from 'fast-check';
import { EXISTING, TAG, TRIGGERS } from '../../lambda/contract.ts';
import { CHANGE, decide, type Decision, type Policy } from '../../lambda/core/decide.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import type { Context } from '../../lambda/core/target.ts';
import { CALLER, NOW } from '../support/builders.ts';
import { hostileText } from '../support/hostile.ts';

const DAY = 86_400_000;
const RUNS = { numRuns: 3_000 };

/** Mostly the values that EC2 has, so that every row of the decision is reached. */
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
  trigger: fc.constantFrom(...TRIGGERS),
  eventId: hostileText({ maxLength: 20 }),
  occurredAt: fc.date({ noInvalidDate: true }),
  caller: fc.constantFrom(undefined, CALLER),
  recorded: fc.option(
    fc.record({
      HttpTokens: oneOf('optional', 'required'),
      HttpEndpoint: oneOf('enabled', 'disabled'),
      grantedByCall: fc.option(fc.boolean(), { nil: undefined }),
      allTags: fc.option(fc.boolean(), { nil: undefined }),
    }),
    { nil: undefined },
  ),
});

const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  existing: fc.constantFrom(...EXISTING),
  maxExemptionDays: fc.integer({ min: 1, max: 3650 }),
});

/** For any snapshot, context and policy; counts the remediations, for a rule that is never reached holds too easily. */
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

/** How much a value of a field lets through; what is not known is worst. */
const STRENGTH = {
  HttpTokens: ['optional', 'required'],
  HttpEndpoint: ['enabled', 'disabled'],
} as const;

const strength = (field: keyof typeof STRENGTH, options: MetadataOptions): number =>
  (STRENGTH[field] as readonly string[]).indexOf(options[field] ?? '');

test('a change leaves no field weaker than it was, and fields that it does not name alone', () => {
  const remediated = forAll((decision, { options }) => {
    if (decision.kind !== 'remediate') return;
    const after: MetadataOptions = { ...options, ...CHANGE };
    expect(strength('HttpTokens', after)).toBeGreaterThan(strength('HttpTokens', options));
    expect(after.HttpEndpoint).toBe(options.HttpEndpoint);
    expect(after).toEqual({ ...options, HttpTokens: 'required' });
  });
  expect(remediated).toBeGreaterThan(150);
});

test('the change is these two fields and no other', () => {
  expect(CHANGE).toEqual({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
});

test('only an instance that answers IMDSv1, that somebody may change and that will live is remediated', () => {
  forAll((decision, { state, awsManaged, options }) => {
    if (decision.kind !== 'remediate') return;
    expect([state === 'shutting-down', state === 'terminated', awsManaged]).toEqual([false, false, false]);
    expect([options.HttpTokens, options.HttpEndpoint]).toEqual(['optional', 'enabled']);
  });
});

test('an exemption in date, or one that cannot be read, is never overruled', () => {
  forAll((decision, { tags }) => {
    const value = tags.get(TAG.exemptUntil);
    if (decision.kind !== 'remediate' || value === undefined) return;
    // What is left is a calendar day that is over.
    expect(value.trim()).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(new Date(value.trim()).getTime() + DAY).toBeLessThanOrEqual(NOW.getTime());
  });
});

test('nothing is exempt for longer than the account allows', () => {
  forAll((decision, _snapshot, _context, { maxExemptionDays }) => {
    if (decision.kind !== 'exempt') return;
    const days = (new Date(decision.until).getTime() - NOW.getTime()) / DAY;
    expect(days).toBeLessThanOrEqual(maxExemptionDays);
    expect(days).toBeGreaterThan(-1);
  });
});

test('setting the exemption tag never leads to a change, whatever else is known and whatever the account chose', () => {
  const reachable = fc.record({ HttpTokens: fc.constant('optional'), HttpEndpoint: fc.constant('enabled') });
  const open = fc.tuple(anySnapshot, reachable).map(([snapshot, options]) => ({ ...snapshot, options }));
  fc.assert(
    fc.property(fc.oneof(open, anySnapshot), anyContext, anyPolicy, (snapshot, context, policy) => {
      expect(decide(snapshot, { ...context, trigger: 'grant' }, policy, NOW).kind).not.toBe('remediate');
    }),
    RUNS,
  );
});

test('existing=audit: a call that took all tags never leads to a change', () => {
  forAll((decision, _snapshot, { trigger, recorded }, { existing }) => {
    if (trigger !== 'revoke' || recorded?.allTags !== true || existing !== 'audit') return;
    expect(decision.kind).not.toBe('remediate');
  });
});

test('an exemption in date that somebody just set is never passed over in silence', () => {
  const alive = anySnapshot.filter(
    ({ state, awsManaged }) => !awsManaged && state !== 'terminated' && state !== 'shutting-down',
  );
  const tags = fc.integer({ min: 0, max: 30 }).map((days) => {
    const day = new Date(NOW.getTime() + days * DAY).toISOString().slice(0, 10);
    return new Map<string, string>([[TAG.exemptUntil, day]]);
  });
  fc.assert(
    fc.property(alive, tags, anyContext, (snapshot, tags, context) => {
      const policy = { existing: 'enforce', maxExemptionDays: 90 } as const;
      expect(decide({ ...snapshot, tags }, { ...context, trigger: 'grant' }, policy, NOW).kind).toMatch(
        /^(exempt|hold)$/,
      );
    }),
  );
});

test('existing=audit: a start is only remediated where the first launch was within 15 minutes of it', () => {
  forAll((decision, { launchTime, firstLaunch }, { trigger }, { existing }) => {
    if (decision.kind !== 'remediate' || trigger !== 'running' || existing !== 'audit') return;
    const minutes = ((launchTime?.getTime() ?? NaN) - (firstLaunch?.getTime() ?? NaN)) / 60_000;
    expect(minutes).toBeLessThanOrEqual(15);
  });
});

test('what answers IMDSv1 is remediated, exempt or held, and never passed over', () => {
  forAll((decision, { state, awsManaged, options }) => {
    const reachable = options.HttpTokens === 'optional' && options.HttpEndpoint === 'enabled';
    if (!reachable || awsManaged || state === 'shutting-down' || state === 'terminated') return;
    expect(decision.kind).not.toBe('skip');
  });
});

test('what cannot be read is never called compliant', () => {
  forAll((decision, { options }) => {
    if (decision.kind !== 'skip' || (decision.reason !== 'compliant' && decision.reason !== 'already-remediated'))
      return;
    expect([options.HttpTokens, options.HttpEndpoint]).toEqual(['required', 'enabled']);
  });
});
