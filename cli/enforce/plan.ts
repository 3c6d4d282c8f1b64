import type { ReviewReason } from '../../lambda/core/decide.ts';
import { raisedHopLimit } from '../../lambda/core/hop-limit.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { type VerdictName, verdictOf } from '../../lambda/core/verdict.ts';
import { launchSourceLabel } from '../audit/labels.ts';
import { launchSourceGroupOf } from '../audit/launch-source-group.ts';
import { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';

/** Why an instance is left alone. */
export type LeftReason = Exclude<VerdictName, 'non-compliant'> | ReviewReason | 'terminated';

/** Instances that are left alone for one reason. */
export interface Left {
  count: number;
  /** The first few. */
  readonly examples: string[];
}

/** Instances of one launchSource that are to be closed. */
export interface LaunchSourceCount {
  readonly region: string;
  readonly launchSource: string;
  count: number;
}

/** What to judge by. */
export interface SurveyRules {
  readonly maxExemptionDays: number;
  readonly hopLimitAtLeast?: number;
}

const EXAMPLES = 5;

/** How things stand, and what is to be done. Of an instance that is to be closed it keeps the id, of others nothing. */
export class Survey {
  /** Every instance that is not going or gone, by region. */
  public readonly tallies: ReadonlyMap<string, ComplianceSummary>;
  /** Ids by region. */
  public readonly toRemediate: ReadonlyMap<string, string[]>;
  public readonly left = new Map<LeftReason, Left>();
  /** How many of those to be closed get a higher hop limit. */
  public hopLimits = 0;
  readonly #rules: SurveyRules;
  readonly #launchSources = new Map<string, LaunchSourceCount>();
  readonly #unseen: Set<string>;

  /** @param ids of the instances asked for, if they were asked for by id. */
  public constructor(regions: readonly string[], rules: SurveyRules, ids: readonly string[] = []) {
    this.tallies = new Map(regions.map((region) => [region, new ComplianceSummary()]));
    this.toRemediate = new Map(regions.map((region) => [region, []]));
    this.#rules = rules;
    this.#unseen = new Set(ids);
  }

  /** Takes an instance of one of the regions into account. */
  public add(region: string, snapshot: Snapshot, now: Date): void {
    const { maxExemptionDays, hopLimitAtLeast = 0 } = this.#rules;
    this.#unseen.delete(snapshot.instanceId);
    const verdict = verdictOf(snapshot, maxExemptionDays, now);
    if (verdict === undefined) return this.#leave('terminated', region, snapshot);
    this.tallies.get(region)?.add(verdict.name);
    if (verdict.problem !== undefined) return this.#leave(verdict.problem, region, snapshot);
    if (verdict.name !== 'non-compliant') return this.#leave(verdict.name, region, snapshot);
    this.toRemediate.get(region)?.push(snapshot.instanceId);
    this.#countLaunchSource(region, snapshot);
    if (raisedHopLimit(snapshot.options, hopLimitAtLeast) !== undefined) this.hopLimits += 1;
  }

  /** How many are to be closed. */
  public get total(): number {
    return [...this.toRemediate.values()].reduce((sum, ids) => sum + ids.length, 0);
  }

  /** How many were read, without those that are going or gone. */
  public get instances(): number {
    return [...this.tallies.values()].reduce((sum, compliance) => sum + compliance.instances, 0);
  }

  /** LaunchSources of those to be closed, most instances first. */
  public get launchSources(): readonly LaunchSourceCount[] {
    return [...this.#launchSources.values()].sort(
      (a, b) => b.count - a.count || (a.launchSource < b.launchSource ? -1 : 1),
    );
  }

  /** Ids asked for that no region showed. */
  public get unseen(): readonly string[] {
    return [...this.#unseen];
  }

  #leave(reason: LeftReason, region: string, { instanceId }: Snapshot): void {
    const left = this.left.get(reason) ?? { count: 0, examples: [] };
    this.left.set(reason, left);
    left.count += 1;
    if (left.examples.length < EXAMPLES) left.examples.push(`${region} ${instanceId}`);
  }

  #countLaunchSource(region: string, { tags }: Snapshot): void {
    const group = launchSourceGroupOf(launchSourceOf(tags));
    const key = `${region} ${group.key}`;
    const known = this.#launchSources.get(key) ?? { region, launchSource: launchSourceLabel(group), count: 0 };
    this.#launchSources.set(key, known);
    known.count += 1;
  }
}
