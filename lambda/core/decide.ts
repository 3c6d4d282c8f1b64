import type { Existing, Launches } from '../contract.ts';
import { type Exemption, readExemption } from './exemption.ts';
import { isNewExposure } from './exposure.ts';
import { isFirstLaunch, type Snapshot } from './instance.ts';
import { launchSourceOf } from './launch-source.ts';
import type { ReviewReason, SkipReason } from './reason.ts';
import { type Context, recordsImdsv1Enabled } from './target.ts';
import type { UsageRules } from './usage.ts';
import { usageNote } from './words/usage.ts';

/** The settings of an account that decisions depend on. */
export interface Policy {
  readonly existing: Existing;
  /**
   * Whether launches of an Auto Scaling group are remediated although the group uses IMDSv1.
   *
   * @default 'enforce'
   */
  readonly launches?: Launches;
  readonly maxExemptionDays: number;
  /**
   * Instances that were first launched on this day or later are remediated whatever `existing` is, once they are
   * measured as unused; as `YYYY-MM-DD` in UTC.
   *
   * @default - no instance
   */
  readonly enforceSince?: string;
  /**
   * What counts as IMDSv1 usage.
   *
   * @default USAGE_RULES
   */
  readonly usage?: UsageRules;
}

/** What to do about an instance. */
export type Decision =
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  | { readonly kind: 'exempt'; readonly until: string; readonly grantReason?: string; readonly selfGranted: boolean }
  | { readonly kind: 'needs-review'; readonly problem: ReviewReason; readonly value?: string }
  | { readonly kind: 'remediate' };

/**
 * The remediation: the options that are sent to EC2, the same for every instance.
 *
 * The user guide requires the endpoint beside the tokens; row 4 of the decision ensures that it is enabled already. An
 * option that is not sent keeps its value.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html
 */
export const CHANGE = { HttpTokens: 'required', HttpEndpoint: 'enabled' } as const;

/** The input of a row. */
interface Case {
  readonly snapshot: Snapshot;
  readonly context: Context;
  readonly policy: Policy;
  /** What the exemption tag leads to; absent if the instance is treated as if there were none. */
  readonly exempted?: Decision;
  /** IMDSv2 is required now, and a record says that IMDSv1 was enabled. */
  readonly alreadyRemediated: boolean;
  /** The call set the exemption tag, and what it leads to is reported whatever the options are. */
  readonly granted: boolean;
}

/** Stable name of a row, for programs that explain decisions. */
export type RowName =
  | 'terminated'
  | 'aws-managed'
  | 'unreadable'
  | 'imds-off'
  | 'tokens-required'
  | 'exemption'
  | 'existing'
  | 'launches'
  | 'otherwise';

/** A row of the decision table, as `imdsv2 explain` prints it. */
export interface Row {
  readonly number: number;
  readonly name: RowName;
  readonly rule: string;
}

/** A row that decides some cases and leaves the others to the rows below it. */
interface ConditionalRow extends Row {
  readonly test: (given: Case) => Decision | undefined;
}

const CONDITIONAL_ROWS: readonly ConditionalRow[] = [
  {
    number: 1,
    name: 'terminated',
    rule: 'Shutting down or terminated: skip. Still notified if row 5 would report it as already remediated.',
    test: ({ snapshot: { state }, alreadyRemediated }) => {
      if (state !== 'shutting-down' && state !== 'terminated') return undefined;
      return { kind: 'skip', reason: alreadyRemediated ? 'already-remediated' : 'terminated' };
    },
  },
  {
    number: 2,
    name: 'aws-managed',
    rule: 'Operated by an AWS service: skip. No one else can modify it.',
    test: ({ snapshot: { awsManaged } }) => (awsManaged ? { kind: 'skip', reason: 'aws-managed' } : undefined),
  },
  {
    number: 3,
    name: 'unreadable',
    rule: 'Metadata options unreadable: needs review. Nothing is changed on a guess.',
    test: ({ snapshot: { options } }) => {
      const tokensKnown = options.HttpTokens === 'optional' || options.HttpTokens === 'required';
      const endpointKnown = options.HttpEndpoint === 'enabled' || options.HttpEndpoint === 'disabled';
      return tokensKnown && endpointKnown ? undefined : { kind: 'needs-review', problem: 'unreadable' };
    },
  },
  {
    number: 4,
    name: 'imds-off',
    rule: 'IMDS disabled: skip. IMDSv1 is disabled with it, and the remediation would enable IMDS.',
    test: ({ snapshot: { options }, granted }) =>
      options.HttpEndpoint === 'disabled' && !granted ? { kind: 'skip', reason: 'endpoint-disabled' } : undefined,
  },
  {
    number: 5,
    name: 'tokens-required',
    rule: 'IMDSv2 required: skip. Notified as already remediated if a record says that IMDSv1 was enabled.',
    test: ({ snapshot: { options }, alreadyRemediated, granted }) =>
      options.HttpTokens === 'required' && !granted
        ? { kind: 'skip', reason: alreadyRemediated ? 'already-remediated' : 'compliant' }
        : undefined,
  },
  {
    number: 6,
    name: 'exemption',
    rule: 'Exemption in date: exempt. Malformed or longer than the maximum: needs review when it is set, afterwards as if there were none. Set to a past date: needs review. Expired: as if there were none.',
    test: ({ exempted }) => exempted,
  },
  {
    number: 7,
    name: 'existing',
    rule: 'Existing exposure: as `existing` says. audit: needs review; enforce-when-unused: needs review unless measured as unused; enforce: row 9. First launched since `enforceSince`: at least as enforce-when-unused. Setting the exemption tag never leads to a change.',
    test: ({ snapshot, context, policy }) => {
      const reportOnly: Decision = { kind: 'needs-review', problem: 'existing-instance' };
      if (context.trigger.exemptionTag === 'set') return reportOnly;
      if (isNewExposure(snapshot, context) || policy.existing === 'enforce') return undefined;
      if (policy.existing === 'audit' && !isLaunchedSince(snapshot, policy.enforceSince)) return reportOnly;
      const usage = context.usage?.kind;
      if (usage === 'unused') return undefined;
      return { kind: 'needs-review', problem: usage === 'in-use' ? 'in-use' : 'usage-unknown' };
    },
  },
  {
    number: 8,
    name: 'launches',
    rule: 'Launch of an Auto Scaling group that uses IMDSv1, under launches=enforce-when-unused: needs review. Not measured or unknown: row 9.',
    test: ({ snapshot, context, policy }) =>
      context.usage?.kind === 'in-use' && dependsOnGroup(snapshot, context, policy)
        ? { kind: 'needs-review', problem: 'launch-source-in-use', value: usageNote(context.usage) }
        : undefined,
  },
];

/** Whether the usage of its Auto Scaling group decides whether a launch is remediated. */
export function dependsOnGroup(snapshot: Snapshot, { trigger }: Context, { launches }: Policy): boolean {
  const isLaunch = trigger.exposure === 'new-on-first-launch';
  return launches === 'enforce-when-unused' && isLaunch && launchSourceOf(snapshot.tags).autoScalingGroup !== undefined;
}

/** Whether an instance was first launched on a day or later. False if that is unknown. */
function isLaunchedSince({ firstLaunch }: Snapshot, day: string | undefined): boolean {
  return day !== undefined && firstLaunch !== undefined && firstLaunch.toISOString().slice(0, 10) >= day;
}

/**
 * What an exemption tag leads to; `undefined` if the instance is treated as if there were none.
 *
 * A tag that cannot be read, or that exempts for too long, needs review at the event that sets it, or at the launch
 * that brings it. Afterwards it does not count: a wrong tag must not exempt for longer than a right one.
 */
function decideExemption(exemption: Exemption, snapshot: Snapshot, context: Context): Decision | undefined {
  const isGrant = context.trigger.exemptionTag === 'set';
  const isJustSet = isGrant || isLaunchOf(snapshot, context);
  const toReview = (problem: ReviewReason, value: string): Decision => ({ kind: 'needs-review', problem, value });
  switch (exemption.kind) {
    case 'active': {
      const { until, reason: grantReason } = exemption;
      return { kind: 'exempt', until, grantReason, selfGranted: isJustSet && context.recorded?.grantedByCall === true };
    }
    case 'malformed':
      return isJustSet ? toReview('exemption-malformed', exemption.value) : undefined;
    case 'exceeds-maximum':
      return isJustSet ? toReview('exemption-exceeds-maximum', exemption.until) : undefined;
    case 'expired':
      return isGrant ? toReview('exemption-expired', exemption.until) : undefined;
    case 'none':
      return undefined;
  }
}

/** Whether an event is the launch of the instance, so that tags of the instance came with it. */
function isLaunchOf(snapshot: Snapshot, { trigger, occurredAt }: Context): boolean {
  return trigger.exposure === 'new-on-first-launch' && isFirstLaunch(snapshot, occurredAt);
}

const OTHERWISE: Row = { number: 9, name: 'otherwise', rule: 'Otherwise: remediate. HttpTokens becomes required.' };

/** The decision table, top to bottom: the first row that applies decides. */
export const ROWS: readonly Row[] = [...CONDITIONAL_ROWS, OTHERWISE];

/** Whether a measurement of IMDSv1 usage could change a decision. */
export const isGated = (decision: Decision): boolean =>
  decision.kind === 'needs-review' && decision.problem === 'usage-unknown';

/** A decision, and the row that made it. */
export interface Ruling {
  readonly row: Row;
  readonly decision: Decision;
}

/**
 * Decides about one instance, and names the row that decided.
 *
 * The result of setting an exemption tag, by a call or with a launch, is reported whatever the options are: rows 4 and
 * 5 leave it to row 6.
 */
export function rulingOn(snapshot: Snapshot, context: Context, policy: Policy, now: Date): Ruling {
  const { HttpTokens, HttpEndpoint } = snapshot.options;
  const { trigger, recorded } = context;
  const exempted = decideExemption(readExemption(snapshot.tags, now, policy.maxExemptionDays), snapshot, context);
  const broughtTag = recorded?.grantedByCall === true && isLaunchOf(snapshot, context);
  const given: Case = {
    snapshot,
    context,
    policy,
    exempted,
    alreadyRemediated: HttpEndpoint === 'enabled' && HttpTokens === 'required' && recordsImdsv1Enabled(recorded),
    granted: exempted !== undefined && (trigger.exemptionTag === 'set' || broughtTag),
  };
  for (const row of CONDITIONAL_ROWS) {
    const decision = row.test(given);
    if (decision !== undefined) return { row, decision };
  }
  return { row: OTHERWISE, decision: { kind: 'remediate' } };
}

/** Decides about one instance. */
export function decide(snapshot: Snapshot, context: Context, policy: Policy, now: Date): Decision {
  return rulingOn(snapshot, context, policy, now).decision;
}
