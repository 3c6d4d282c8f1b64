import { DIGEST_SCHEMA, type Severity } from '../contract.ts';
import { compliancePercent, type Counts } from './compliance-summary.ts';
import { type Digest, expiresSoon, type ListedInstance } from './digest.ts';
import { groupBy } from './group-by.ts';
import type { LaunchSource } from './launch-source.ts';
import type { ReviewReason } from './reason.ts';
import { clean } from './text.ts';
import type { UnknownUsage, Usage } from './usage.ts';
import type { VerdictName } from './verdict.ts';

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
  /** How many fewer instances have IMDSv1 enabled than when the scan started. */
  readonly remediated: number;
  /** Number of non-compliant instances by the reason for a review; without one, `remediation-pending`. */
  readonly nonCompliant: Readonly<Partial<Record<ReviewReason | 'remediation-pending', number>>>;
  /** Number of instances whose exemption has expired. */
  readonly overdue: number;
  /** Number of instances whose exemption expires within a week. */
  readonly expiring: number;
  /** The first instances of each list. */
  readonly instances: readonly ListedInstanceDetail[];
  /** Rejected IMDSv1 calls of the last day, by instance: the first instances. */
  readonly rejected?: Readonly<Record<string, number>>;
  /** Number of all instances with rejected calls. */
  readonly rejectedInstances?: number;
  /** What must be done before `HttpTokensEnforced` can be enabled. */
  readonly missingForEnforcement: readonly string[];
  /** Deployment health issues, one sentence each. */
  readonly problems: readonly string[];
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
  };
  readonly exemptUntil?: string;
  readonly exemptReason?: string;
  /** The value of an exemption tag that is not a date. */
  readonly exemptionTag?: string;
  /** The exemption expires within a week. */
  readonly expiresSoon?: true;
  readonly overdueSince?: string;
  readonly launchSource: LaunchSource;
}

/** The data of a digest. @param most number of instances in each list. */
export function digestDetail(digest: Digest, most: number, now: Date): DigestDetail {
  const { account, region, startedAt, compliance, nonCompliant, exempt, nonCompliantBefore, requested } = digest;
  const problems = digest.problems.map((problem) => clean(problem));
  const byReason = groupBy(nonCompliant, ({ decision }) =>
    decision.kind === 'needs-review' ? decision.problem : 'remediation-pending',
  );
  const expiring = exempt.filter((instance) => expiresSoon(instance, now));
  const overdue = nonCompliant.filter((instance) => instance.overdue !== undefined);
  const listed = [...byReason.values(), overdue, expiring].flatMap((group) => group.slice(0, most));
  return {
    schema: DIGEST_SCHEMA,
    severity: problems.length > 0 || (digest.rejected?.size ?? 0) > 0 ? 'MEDIUM' : 'INFORMATIONAL',
    account,
    region,
    startedAt: startedAt.toISOString(),
    counts: compliance.counts,
    compliancePercent: compliancePercent(compliance),
    remediated: requested === 0 ? 0 : Math.max(0, nonCompliantBefore - compliance.counts['non-compliant']),
    nonCompliant: Object.fromEntries([...byReason].map(([problem, group]) => [problem, group.length])),
    overdue: overdue.length,
    expiring: expiring.length,
    instances: [...new Set(listed)].map((instance) => toListedDetail(instance, expiring.includes(instance))),
    rejected: digest.rejected && Object.fromEntries([...digest.rejected].slice(0, most)),
    rejectedInstances: digest.rejected?.size,
    missingForEnforcement: missingFor(digest),
    problems,
  };
}

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
    },
    exemptUntil: verdict.until === undefined ? undefined : clean(verdict.until),
    exemptReason: verdict.reason === undefined ? undefined : clean(verdict.reason),
    exemptionTag: verdict.value === undefined ? undefined : clean(verdict.value),
    expiresSoon: isExpiring || undefined,
    overdueSince: overdue,
    launchSource: Object.fromEntries(
      Object.entries(launchSource).map(([part, value]: [string, string]) => [part, clean(value)]),
    ),
  };
}

/**
 * What must be done first: with `HttpTokensEnforced`, EC2 rejects launches and changes that enable IMDSv1.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
 */
function missingFor({ nonCompliant, exempt, launchDefault }: Digest): string[] {
  if (launchDefault?.HttpTokensEnforced === 'enabled') return [];
  return [
    nonCompliant.length > 0 && `non-compliant or unreadable instances: ${nonCompliant.length}`,
    exempt.length > 0 && `exemptions in date: ${exempt.length}`,
    launchDefault === undefined && 'the account defaults could not be read',
    launchDefault !== undefined &&
      launchDefault.HttpTokens !== 'required' &&
      'the account default for launches is not HttpTokens=required',
  ].filter((sentence) => sentence !== false);
}
