import type { Policy } from '../../lambda/core/decide.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import type { Outcome, Reason } from '../../lambda/core/outcome.ts';
import type { Caller, Context, Target } from '../../lambda/core/target.ts';
import type { Status, TriggerName } from '../../lambda/contract.ts';

// Everything here is made up. A test names what matters to it and leaves the rest to these.

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
export const INSTANCE = 'i-0a1b2c3d4e5f60718';
export const EVENT_ID = '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10';

/** The launch, the state change or the call that started it all. */
export const LAUNCHED = new Date('2026-11-22T11:59:20Z');
/** When it is looked at, 40 seconds later. */
export const NOW = new Date('2026-11-22T12:00:00Z');

/** A made-up instance id for each number. */
export const instanceId = (number: number): string => `i-0${number.toString(16).padStart(16, '0')}`;

/** An account that does not touch existing instances and allows exemptions of 90 days. */
export const policy = (over: Partial<Policy> = {}): Policy => ({
  existing: 'audit',
  maxExemptionDays: 90,
  ...over,
});

/** Options under which IMDSv1 answers. */
export const IMDSV1: MetadataOptions = {
  HttpTokens: 'optional',
  HttpEndpoint: 'enabled',
  HttpPutResponseHopLimit: 1,
  HttpProtocolIpv6: 'disabled',
  InstanceMetadataTags: 'disabled',
  State: 'applied',
};

/** A change of `Snapshot`: options are merged with those of `IMDSV1`, `undefined` takes one away; tags are a plain object. */
export type SnapshotChange = Partial<Omit<Snapshot, 'options' | 'tags'>> & {
  readonly options?: MetadataOptions;
  readonly tags?: Readonly<Record<string, string>>;
};

/** A new, running instance that answers IMDSv1. */
export function snapshot({ options, tags, ...over }: SnapshotChange = {}): Snapshot {
  return {
    instanceId: INSTANCE,
    state: 'running',
    awsManaged: false,
    launchTime: LAUNCHED,
    firstLaunch: LAUNCHED,
    ...over,
    options: { ...IMDSV1, ...options },
    tags: new Map(Object.entries(tags ?? {})),
  };
}

/** Launched weeks ago, started a moment ago. */
export const existing = (over: SnapshotChange = {}): Snapshot =>
  snapshot({ firstLaunch: new Date('2026-10-01T08:00:00Z'), ...over });

export const CALLER: Caller = {
  principal: 'arn:aws:sts::111122223333:assumed-role/deployer/kim',
  sourceIp: '198.51.100.23',
  userAgent: 'aws-cli/2.31.0',
};

const REACHABLE = { HttpTokens: 'optional', HttpEndpoint: 'enabled' };
const KNOWN: Readonly<Partial<Record<TriggerName, Partial<Context>>>> = {
  launch: { caller: CALLER, recorded: REACHABLE },
  drift: { caller: CALLER, recorded: REACHABLE },
  grant: { caller: CALLER, recorded: { grantedByCall: true } },
  revoke: { caller: CALLER },
};

/** What a trigger knows by default: CloudTrail's know the caller, and those about options what was set; the others know neither. */
export function context(over: Partial<Context> = {}): Context {
  const base = { trigger: 'launch', eventId: EVENT_ID, occurredAt: LAUNCHED } as const;
  return { ...base, ...KNOWN[over.trigger ?? 'launch'], ...over };
}

/** An instance to look at; what is not of the target goes into its context. */
export function target({
  account = ACCOUNT,
  region = REGION,
  instanceId = INSTANCE,
  ...over
}: Partial<Omit<Target, 'context'>> & Partial<Context> = {}): Target {
  return { account, region, instanceId, context: context(over) };
}

const USUAL_REASON: Readonly<Record<Status, Reason>> = {
  remediated: 'imdsv1-enabled',
  'would-remediate': 'imdsv1-enabled',
  'already-remediated': 'already-remediated',
  exempt: 'exempt',
  'needs-review': 'exemption-malformed',
  skipped: 'compliant',
  failed: 'denied',
};

/** An instance that was launched with IMDSv1 and remediated after 40 seconds; another status brings its usual reason. */
export function outcome(over: Partial<Outcome> = {}): Outcome {
  const { status = 'remediated', target: of = target() } = over;
  const changed = {
    after: { ...IMDSV1, HttpTokens: 'required', State: 'pending' },
    exposedSeconds: 40,
  };
  return {
    target: of,
    status,
    reason: USUAL_REASON[status],
    at: NOW,
    snapshot: snapshot({ instanceId: of.instanceId }),
    ...(status === 'remediated' ? changed : {}),
    ...over,
  };
}
