import { decide, type Decision, type Policy } from './decide.ts';
import { dayFromNow } from './exemption.ts';
import { readExemption } from './exemption.ts';
import type { Snapshot } from './instance.ts';
import { type LaunchSource, launchSourceOf } from './launch-source.ts';
import { ComplianceSummary } from './compliance-summary.ts';
import type { Context } from './target.ts';
import type { Usage } from './usage.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** An instance that a digest may name; less than its snapshot, for there may be many. */
export interface Named {
  readonly instanceId: string;
  /** As somebody named it. */
  readonly name?: string;
  readonly launchSource: LaunchSource;
  /** Of its first launch, as far as that is known. */
  readonly since?: Date;
  readonly verdict: Verdict;
  /** The day an exemption ended that once covered it. */
  readonly overdue?: string;
  readonly decision: Decision;
  readonly usage?: Usage;
}

/** How a region stands when a scan has been through it. */
export interface Digest {
  readonly account: string;
  readonly region: string;
  /** Of the run. */
  readonly startedAt: Date;
  readonly compliance: ComplianceSummary;
  /** How many instances answered IMDSv1 when the run began, and how many of them it asked to be closed. */
  readonly nonCompliantBefore: number;
  readonly requested: number;
  /** Those that answer IMDSv1 without an exemption, or cannot be read. */
  readonly nonCompliant: readonly Named[];
  readonly exempt: readonly Named[];
  /** Calls without a token that were refused in the last day, by instance; absent where nobody asked. */
  readonly rejected?: ReadonlyMap<string, number>;
  /** What else keeps `HttpTokensEnforced` from being switched on; absent where that could not be read. */
  readonly launchDefault?: { readonly HttpTokens?: string; readonly HttpTokensEnforced?: string };
  /** What is off with the product itself. */
  readonly problems: readonly string[];
}

/** Days before its end from which an exemption is announced. */
const ANNOUNCED_DAYS = 7;

/** Counts the instances of a region one by one, and keeps those that a digest may name. */
export class Inventory {
  public readonly compliance = new ComplianceSummary();
  public readonly nonCompliant: Named[] = [];
  public readonly exempt: Named[] = [];
  readonly #context: Context;
  readonly #policy: Policy;

  public constructor(context: Context, policy: Policy) {
    this.#context = context;
    this.#policy = policy;
  }

  /** Takes an instance into account; `usage` where it was measured. */
  public add(snapshot: Snapshot, now: Date, usage?: Usage): void {
    const verdict = verdictOf(snapshot, this.#policy.maxExemptionDays, now);
    if (verdict === undefined) return;
    this.compliance.add(verdict.name);
    if (verdict.name !== 'non-compliant' && verdict.name !== 'unreadable' && verdict.name !== 'exempt') return;
    const exemption = readExemption(snapshot.tags, now, this.#policy.maxExemptionDays);
    const named = {
      instanceId: snapshot.instanceId,
      name: snapshot.tags.get('Name'),
      launchSource: launchSourceOf(snapshot.tags),
      since: snapshot.firstLaunch ?? snapshot.launchTime,
      verdict,
      overdue: exemption.kind === 'expired' ? exemption.until : undefined,
      decision: decide(snapshot, { ...this.#context, usage }, this.#policy, now),
      usage,
    };
    (verdict.name === 'exempt' ? this.exempt : this.nonCompliant).push(named);
  }
}

/** Whether an exemption ends soon enough to be announced. */
export function endsSoon({ verdict: { until } }: Named, now: Date): boolean {
  return until !== undefined && until <= dayFromNow(now, ANNOUNCED_DAYS);
}
