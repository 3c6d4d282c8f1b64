import type { Severity } from '../contract.ts';
import { decide, type Decision, type Policy } from './decide.ts';
import { dayFromNow, type Exemption, readExemption } from './exemption.ts';
import type { Snapshot } from './instance.ts';
import { type LaunchSource, launchSourceOf } from './launch-source.ts';
import { fleetKeyOf } from './launch-source-group.ts';
import { BusiestInstances } from './callers/busiest.ts';
import type { InstanceCallers } from './callers/callers.ts';
import { ComplianceSummary } from './compliance-summary.ts';
import type { Readiness } from './prevention/readiness.ts';
import type { ReviewReason } from './reason.ts';
import type { Context } from './target.ts';
import type { Usage } from './usage.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** An instance that a digest may list. */
export interface ListedInstance {
  readonly instanceId: string;
  /** The Name tag. Untrusted input. */
  readonly name?: string;
  readonly launchSource: LaunchSource;
  /** Time of the first launch, or of the last start if that is unknown. */
  readonly since?: Date;
  readonly verdict: Verdict;
  /** An exemption tag that exempts nothing, because it has expired or is wrong. */
  readonly overdue?: OverdueExemption;
  readonly decision: Decision;
  readonly usage?: Usage;
}

/** Maximum number of instances in each list of a digest. */
export const MAX_LISTED = 50;

/** A number of instances, and the first of them. */
export class InstanceList {
  public total = 0;
  public readonly first: ListedInstance[] = [];

  public add(instance: ListedInstance): void {
    this.total += 1;
    if (this.first.length < MAX_LISTED) this.first.push(instance);
  }
}

/** An exemption tag that exempts nothing. Its value is untrusted input. */
export interface OverdueExemption {
  readonly kind: 'expired' | 'malformed' | 'exceeds-maximum';
  /** The last day, or the text that is not a day. */
  readonly value: string;
}

/** Rejected IMDSv1 calls of an instance. */
export interface RejectedCalls {
  readonly calls: number;
  /** Whether IMDSv1 was enabled on the instance within the last 63 days; absent if that could not be read. */
  readonly hadImdsv1?: boolean;
}

/** The compliance of a region at the end of a scan. */
export interface Digest {
  readonly account: string;
  readonly region: string;
  /** When the scan started. */
  readonly startedAt: Date;
  readonly inventory: Inventory;
  /** The instances of the region may not be described, so that the inventory is empty. */
  readonly notVisible?: true;
  /** Whether the scan may change instances; if not, it only reports what it would remediate. */
  readonly changes: boolean;
  /** Number of instances that the scan evaluated for remediation and that require IMDSv2 now. */
  readonly remediated: number;
  /** Rejected IMDSv1 calls of the last day, by instance; absent if they were not measured. */
  readonly rejected?: ReadonlyMap<string, RejectedCalls>;
  /** The software on the busiest instances with IMDSv1 in use; absent if it was not looked up. */
  readonly callers?: readonly InstanceCallers[];
  /** Whether launches would be refused under `HttpTokensEnforced`; absent if that could not be read. */
  readonly readiness?: Readiness;
  /** Deployment health issues, one sentence each. */
  readonly problems: readonly string[];
}

/** Most instances of a region whose callers are looked up for a digest. */
const BUSIEST = 20;

/** Days before its end in which an exemption is listed as expiring. */
const EXPIRES_SOON_DAYS = 7;

/** Why an instance is still non-compliant. */
export type NonCompliantReason = ReviewReason | 'remediation-pending';

/** Counts the instances of a region, and collects those that a digest lists. Memory does not grow with the region. */
export class Inventory {
  public readonly compliance = new ComplianceSummary();
  /** Instances with IMDSv1 enabled and no exemption, or with unreadable options, by reason. */
  public readonly nonCompliant = new Map<NonCompliantReason, InstanceList>();
  /** Number of instances with IMDSv1 enabled that need review without a measurement, so that all runs count alike. */
  public needsReview = 0;
  /** Non-compliant instances with an exemption that has expired or is wrong. */
  public readonly overdue = new InstanceList();
  /** Exempt instances whose exemption expires within a week. */
  public readonly expiring = new InstanceList();
  /** The instances with the most IMDSv1 calls. */
  public readonly busiest = new BusiestInstances(BUSIEST);
  /** Launch of the oldest instance with IMDSv1 enabled; `undefined` if there is none, or no launch time is known. */
  public oldest: Date | undefined;
  readonly #context: Context;
  readonly #policy: Policy;
  readonly #stopped: ReadonlySet<string>;

  /** @param stopped keys of the launch sources of which nothing more is changed, because calls are rejected. */
  public constructor(context: Context, policy: Policy, stopped: ReadonlySet<string> = new Set()) {
    this.#context = context;
    this.#policy = policy;
    this.#stopped = stopped;
  }

  /** Counts one instance; `usage` is absent if it was not measured. */
  public add(snapshot: Snapshot, now: Date, usage?: Usage): void {
    const verdict = verdictOf(snapshot, this.#policy.maxExemptionDays, now);
    if (verdict === undefined) return;
    this.compliance.add(verdict.name);
    if (verdict.name !== 'non-compliant' && verdict.name !== 'unreadable' && verdict.name !== 'exempt') return;
    const launchSource = launchSourceOf(snapshot.tags);
    const isStopped = this.#stopped.has(fleetKeyOf(launchSource) ?? '');
    const decideWith = (measured: Usage | undefined): Decision => {
      const decision = decide(snapshot, { ...this.#context, usage: measured }, this.#policy, now);
      if (decision.kind !== 'remediate' || !isStopped) return decision;
      return { kind: 'needs-review', problem: 'sibling-rejected' };
    };
    const listed: ListedInstance = {
      instanceId: snapshot.instanceId,
      name: snapshot.tags.get('Name'),
      launchSource,
      since: snapshot.firstLaunch ?? snapshot.launchTime,
      verdict,
      overdue: overdueIn(readExemption(snapshot.tags, now, this.#policy.maxExemptionDays)),
      decision: decideWith(usage),
      usage,
    };
    if (verdict.name === 'exempt') {
      if (expiresSoon(listed, now)) this.expiring.add(listed);
      return;
    }
    this.busiest.add(snapshot, usage);
    const { decision, overdue, since } = listed;
    const reason = decision.kind === 'needs-review' ? decision.problem : 'remediation-pending';
    const list = this.nonCompliant.get(reason) ?? new InstanceList();
    this.nonCompliant.set(reason, list);
    list.add(listed);
    if (overdue !== undefined) this.overdue.add(listed);
    if (verdict.name === 'non-compliant' && decideWith(undefined).kind === 'needs-review') this.needsReview += 1;
    if (verdict.name === 'non-compliant' && since && !(this.oldest && this.oldest <= since)) this.oldest = since;
  }
}

function overdueIn(exemption: Exemption): OverdueExemption | undefined {
  switch (exemption.kind) {
    case 'expired':
    case 'exceeds-maximum':
      return { kind: exemption.kind, value: exemption.until };
    case 'malformed':
      return { kind: exemption.kind, value: exemption.value };
    case 'active':
    case 'none':
      return undefined;
  }
}

/**
 * The severity of a digest, by the worst that is left: IMDSv1 enabled behind an exemption that exempts nothing, then
 * IMDSv1 enabled at all, rejected calls and health issues.
 */
export function severityOfDigest({ inventory: { nonCompliant, overdue }, rejected, problems }: Digest): Severity {
  if (overdue.total > 0 || nonCompliant.has('sibling-rejected')) return 'HIGH';
  const isAffected = [...(rejected?.values() ?? [])].some(({ hadImdsv1 }) => hadImdsv1 !== false);
  return nonCompliant.size > 0 || isAffected || problems.length > 0 ? 'MEDIUM' : 'INFORMATIONAL';
}

/** Whether an exemption expires within a week. */
export function expiresSoon({ verdict: { until } }: ListedInstance, now: Date): boolean {
  return until !== undefined && until <= dayFromNow(now, EXPIRES_SOON_DAYS);
}
