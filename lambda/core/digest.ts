import { decide, type Decision, type Policy } from './decide.ts';
import { dayFromNow, readExemption } from './exemption.ts';
import type { Snapshot } from './instance.ts';
import { type LaunchSource, launchSourceOf } from './launch-source.ts';
import { ComplianceSummary } from './compliance-summary.ts';
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
  /** The last day of an expired exemption. */
  readonly overdue?: string;
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

/** The compliance of a region at the end of a scan. */
export interface Digest {
  readonly account: string;
  readonly region: string;
  /** When the scan started. */
  readonly startedAt: Date;
  readonly inventory: Inventory;
  /** Number of instances with IMDSv1 enabled when the scan started. */
  readonly nonCompliantBefore: number;
  /** Number of instances that the scan evaluated for remediation. */
  readonly requested: number;
  /** Rejected IMDSv1 calls of the last day, by instance; absent if they were not measured. */
  readonly rejected?: ReadonlyMap<string, number>;
  /** The account's defaults for launches in the region; absent if they could not be read. */
  readonly launchDefault?: { readonly HttpTokens?: string; readonly HttpTokensEnforced?: string };
  /** Deployment health issues, one sentence each. */
  readonly problems: readonly string[];
}

/** Days before its end in which an exemption is listed as expiring. */
const EXPIRES_SOON_DAYS = 7;

/** Why an instance is still non-compliant. */
export type NonCompliantReason = ReviewReason | 'remediation-pending';

/** Counts the instances of a region, and collects those that a digest lists. Memory does not grow with the region. */
export class Inventory {
  public readonly compliance = new ComplianceSummary();
  /** Instances with IMDSv1 enabled and no exemption, or with unreadable options, by reason. */
  public readonly nonCompliant = new Map<NonCompliantReason, InstanceList>();
  /** Non-compliant instances with an expired exemption. */
  public readonly overdue = new InstanceList();
  /** Exempt instances whose exemption expires within a week. */
  public readonly expiring = new InstanceList();
  /** Launch of the oldest instance with IMDSv1 enabled; `undefined` if there is none, or no launch time is known. */
  public oldest: Date | undefined;
  readonly #context: Context;
  readonly #policy: Policy;

  public constructor(context: Context, policy: Policy) {
    this.#context = context;
    this.#policy = policy;
  }

  /** Counts one instance; `usage` is absent if it was not measured. */
  public add(snapshot: Snapshot, now: Date, usage?: Usage): void {
    const verdict = verdictOf(snapshot, this.#policy.maxExemptionDays, now);
    if (verdict === undefined) return;
    this.compliance.add(verdict.name);
    if (verdict.name !== 'non-compliant' && verdict.name !== 'unreadable' && verdict.name !== 'exempt') return;
    const exemption = readExemption(snapshot.tags, now, this.#policy.maxExemptionDays);
    const listed: ListedInstance = {
      instanceId: snapshot.instanceId,
      name: snapshot.tags.get('Name'),
      launchSource: launchSourceOf(snapshot.tags),
      since: snapshot.firstLaunch ?? snapshot.launchTime,
      verdict,
      overdue: exemption.kind === 'expired' ? exemption.until : undefined,
      decision: decide(snapshot, { ...this.#context, usage }, this.#policy, now),
      usage,
    };
    if (verdict.name === 'exempt') {
      if (expiresSoon(listed, now)) this.expiring.add(listed);
      return;
    }
    const { decision, overdue, since } = listed;
    const reason = decision.kind === 'needs-review' ? decision.problem : 'remediation-pending';
    const list = this.nonCompliant.get(reason) ?? new InstanceList();
    this.nonCompliant.set(reason, list);
    list.add(listed);
    if (overdue !== undefined) this.overdue.add(listed);
    if (verdict.name === 'non-compliant' && since && !(this.oldest && this.oldest <= since)) this.oldest = since;
  }
}

/** Whether an exemption expires within a week. */
export function expiresSoon({ verdict: { until } }: ListedInstance, now: Date): boolean {
  return until !== undefined && until <= dayFromNow(now, EXPIRES_SOON_DAYS);
}
