import type { Policy } from '../../lambda/core/decide.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import type { Reason } from '../../lambda/core/reason.ts';
import type { Caller, Context, Target } from '../../lambda/core/target.ts';
import type { TriggerTraits } from '../../lambda/core/trigger.ts';
import type { Status } from '../../lambda/contract.ts';
import { ALL_TRIGGERS } from '../../lambda/triggers/index.ts';

// Made-up data. A test states what matters to it, and takes everything else from here.

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
export const INSTANCE = 'i-0a1b2c3d4e5f60718';
export const EVENT_ID = '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10';

/** The time of the launch, the state change or the call. */
export const LAUNCHED = new Date('2026-11-22T11:59:20Z');
/** The time of the evaluation, 40 seconds later. */
export const NOW = new Date('2026-11-22T12:00:00Z');

/** A made-up instance id for each number. */
export const instanceId = (number: number): string => `i-0${number.toString(16).padStart(16, '0')}`;

/** The settings existing=audit and exemptions of at most 90 days. */
export const policy = (over: Partial<Policy> = {}): Policy => ({
  existing: 'audit',
  maxExemptionDays: 90,
  ...over,
});

/** Options with IMDSv1 enabled. */
export const IMDSV1: MetadataOptions = {
  HttpTokens: 'optional',
  HttpEndpoint: 'enabled',
  HttpPutResponseHopLimit: 1,
  HttpProtocolIpv6: 'disabled',
  InstanceMetadataTags: 'disabled',
  State: 'applied',
};

/** A change of `Snapshot`: options are merged with `IMDSV1`, tags are a plain object. */
export type SnapshotChange = Partial<Omit<Snapshot, 'options' | 'tags'>> & {
  readonly options?: MetadataOptions;
  readonly tags?: Readonly<Record<string, string>>;
};

/** A new, running instance with IMDSv1 enabled. */
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
  session: 'kim',
  cloudTrailEventId: 'f2a1c3d4-9b8e-4c7d-a6f5-0e1d2c3b4a59',
};

/** A trigger of the product by its name. */
function triggerNamed(name: string): TriggerTraits {
  const trigger = ALL_TRIGGERS.find((candidate) => candidate.name === name);
  if (trigger === undefined) throw new RangeError(`no trigger is named ${name}`);
  return trigger;
}

const IMDSV1_RECORDED = { HttpTokens: 'optional', HttpEndpoint: 'enabled' };
const USUAL_CONTEXT: Readonly<Partial<Record<string, Partial<Context>>>> = {
  launch: { caller: CALLER, recorded: IMDSV1_RECORDED },
  drift: { caller: CALLER, recorded: IMDSV1_RECORDED },
  grant: { caller: CALLER, recorded: { grantedByCall: true } },
  revoke: { caller: CALLER },
};

/** A change of `Context`: the trigger may be named. */
export type ContextChange = Partial<Omit<Context, 'trigger'>> & { readonly trigger?: string | TriggerTraits };

/** The context of a launch, or of another trigger, with what its event usually says. */
export function context({ trigger = 'launch', ...over }: ContextChange = {}): Context {
  const traits = typeof trigger === 'string' ? triggerNamed(trigger) : trigger;
  return { trigger: traits, eventId: EVENT_ID, occurredAt: LAUNCHED, ...USUAL_CONTEXT[traits.name], ...over };
}

/** A target; what is not a field of `Target` goes into its context. */
export function target({
  account = ACCOUNT,
  region = REGION,
  instanceId = INSTANCE,
  ...over
}: Partial<Omit<Target, 'context'>> & ContextChange = {}): Target {
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

/** A launch that was remediated after 40 seconds; another status has its usual reason. */
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
