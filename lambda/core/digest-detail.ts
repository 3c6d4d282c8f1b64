import { DIGEST_SCHEMA, type Severity } from '../contract.ts';
import { compliancePercent, type Counts } from './compliance-summary.ts';
import {
  type Digest,
  type InstanceList,
  type ListedInstance,
  type OverdueExemption,
  type RejectedCalls,
  severityOfDigest,
} from './digest.ts';
import { type DigestCallers, toDigestCallers } from './digest-callers.ts';
import { missingForEnforcement } from './digest-readiness.ts';
import type { LaunchSource } from './launch-source.ts';
import type { ReadinessState } from './prevention/readiness.ts';
import type { ReviewReason } from './reason.ts';
import { clean } from './text.ts';
import type { UnknownUsage, Usage, UsageScope } from './usage.ts';
import type { VerdictName } from './verdict.ts';
import type { UnchangedReason } from './words/outcome.ts';

/**
 * A digest as data: the detail of its event and the JSON form, schema `imdsv2-enforcer.digest/v1`. The email is written from it.
 *
 * Untrusted input is sanitized. New versions only add fields.
 */
export interface DigestDetail {
  readonly schema: typeof DIGEST_SCHEMA;
  /** A test of alert delivery: nothing happened. */
  readonly test?: true;
  readonly severity: Severity;
  readonly account: string;
  readonly region: string;
  /** When the scan started. */
  readonly startedAt: string;
  readonly counts: Counts;
  /** Instances that pass CIS AWS 5.7, from 0 to 100, with one decimal; absent if there are none to judge. */
  readonly compliancePercent?: number;
  /** Number of instances that the scan evaluated for remediation and that require IMDSv2 now. */
  readonly remediated: number;
  /** Number of non-compliant instances by the reason why nothing was changed. */
  readonly nonCompliant: Readonly<Partial<Record<UnchangedReason, number>>>;
  /** Number of instances whose exemption has expired or is wrong. */
  readonly overdue: number;
  /** Number of instances whose exemption expires within a week. */
  readonly expiring: number;
  /** The first instances of each list. */
  readonly instances: readonly ListedInstanceDetail[];
  /** Rejected IMDSv1 calls of the last day, by instance: the first instances. */
  readonly rejected?: Readonly<Record<string, number>>;
  /** Those of them on which IMDSv1 was not enabled within the last 63 days. */
  readonly rejectedWithoutImdsv1?: readonly string[];
  /** Number of all instances with rejected calls. */
  readonly rejectedInstances?: { readonly affected: number; readonly withoutImdsv1: number };
  /** The software on the busiest instances with IMDSv1 in use; absent if it was not looked up. */
  readonly callers?: DigestCallers;
  /** Whether EC2 would refuse launches once `HttpTokensEnforced` is enabled; absent if that could not be read. */
  readonly readiness?: ReadinessState;
  /** What must be done before `HttpTokensEnforced` can be enabled. */
  readonly missingForEnforcement: readonly string[];
  /** Deployment health issues, one sentence each. */
  readonly problems: readonly string[];
  /** The instances of the region may not be described, so that nothing is known about them. */
  readonly notVisible?: true;
}

/** One instance in the JSON form of a digest. Untrusted input is sanitized. */
export interface ListedInstanceDetail {
  readonly instanceId: string;
  readonly name?: string;
  readonly verdict: VerdictName;
  readonly needsReview?: ReviewReason;
  readonly usage?: {
    readonly kind: Usage['kind'];
    /** Of data, if unused. */
    readonly hours?: number;
    readonly calls?: number;
    readonly callsPerDay?: number;
    readonly lastSeen?: string;
    readonly why?: UnknownUsage;
    /** What was measured, if not the instance alone. */
    readonly scope?: UsageScope;
    /** All calls were made within ten minutes after the first launch. */
    readonly atBoot?: true;
  };
  readonly exemptUntil?: string;
  readonly exemptReason?: string;
  /** The value of an exemption tag that is not a date. */
  readonly exemptionTag?: string;
  /** The exemption expires within a week. */
  readonly expiresSoon?: true;
  readonly overdueSince?: string;
  /** What is wrong with an exemption tag that is ignored. */
  readonly exemptionProblem?: `exemption-${Exclude<OverdueExemption['kind'], 'expired'>}`;
  readonly launchSource: LaunchSource;
}

/** The data of a digest. @param most number of instances in each list. */
export function digestDetail(digest: Digest, most: number): DigestDetail {
  const { account, region, startedAt, inventory, remediated } = digest;
  const { compliance, overdue, expiring } = inventory;
  const byReason = [...inventory.nonCompliant].map(([reason, list]): [UnchangedReason, InstanceList] => [
    reason === 'remediation-pending' && !digest.changes ? 'audit-mode' : reason,
    list,
  ]);
  const listed = [...byReason.map(([, list]) => list), overdue, expiring].flatMap(({ first }) => first.slice(0, most));
  const rejected = [...(digest.rejected ?? [])];
  const [affected, unaffected] = [true, false].map((is) =>
    rejected.filter(([, { hadImdsv1 }]) => (hadImdsv1 !== false) === is),
  ) as [typeof rejected, typeof rejected];
  return {
    schema: DIGEST_SCHEMA,
    severity: severityOfDigest(digest),
    account,
    region,
    startedAt: startedAt.toISOString(),
    counts: compliance.counts,
    compliancePercent: compliancePercent(compliance),
    remediated,
    nonCompliant: Object.fromEntries(byReason.map(([reason, { total }]) => [reason, total])),
    overdue: overdue.total,
    expiring: expiring.total,
    instances: [...new Set(listed)].map((instance) => toListedDetail(instance, expiring.first.includes(instance))),
    rejected: digest.rejected && callsOf([...affected.slice(0, most), ...unaffected.slice(0, most)]),
    rejectedWithoutImdsv1: digest.rejected && unaffected.slice(0, most).map(([id]) => id),
    rejectedInstances: digest.rejected && { affected: affected.length, withoutImdsv1: unaffected.length },
    callers: digest.callers && toDigestCallers(digest.callers, most),
    readiness: digest.readiness?.state,
    missingForEnforcement: missingForEnforcement(digest),
    problems: digest.problems.map((problem) => clean(problem)),
    notVisible: digest.notVisible,
  };
}

const callsOf = (rejected: readonly (readonly [string, RejectedCalls])[]): Readonly<Record<string, number>> =>
  Object.fromEntries(rejected.map(([id, { calls }]) => [id, calls]));

function toListedDetail(
  { instanceId, name, launchSource, usage, verdict, overdue, decision }: ListedInstance,
  isExpiring: boolean,
): ListedInstanceDetail {
  return {
    instanceId,
    name: name === undefined ? undefined : clean(name),
    verdict: verdict.name,
    needsReview: decision.kind === 'needs-review' ? decision.problem : undefined,
    usage: usage && {
      kind: usage.kind,
      hours: usage.kind === 'unused' ? usage.hours : undefined,
      calls: usage.kind === 'in-use' ? usage.count : undefined,
      callsPerDay: usage.kind === 'in-use' ? Math.round(usage.callsPerDay * 100) / 100 : undefined,
      lastSeen: usage.kind === 'in-use' ? usage.lastSeen.toISOString() : undefined,
      why: usage.kind === 'unknown' ? usage.why : undefined,
      scope: usage.scope,
      atBoot: usage.atBoot,
    },
    exemptUntil: verdict.until === undefined ? undefined : clean(verdict.until),
    exemptReason: verdict.reason === undefined ? undefined : clean(verdict.reason),
    exemptionTag: verdict.value === undefined ? undefined : clean(verdict.value),
    expiresSoon: isExpiring || undefined,
    overdueSince: overdue?.kind === 'expired' ? overdue.value : undefined,
    exemptionProblem: overdue === undefined || overdue.kind === 'expired' ? undefined : `exemption-${overdue.kind}`,
    launchSource: Object.fromEntries(
      Object.entries(launchSource).map(([part, value]: [string, string]) => [part, clean(value)]),
    ),
  };
}
