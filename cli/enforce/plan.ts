import type { HoldProblem } from '../../lambda/core/decide.ts';
import { raisedHopLimit } from '../../lambda/core/hop-limit.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { originOf } from '../../lambda/core/launch-source.ts';
import { type VerdictName, verdictOf } from '../../lambda/core/verdict.ts';
import { originLabel } from '../audit/labels.ts';
import { originGroupOf } from '../audit/launch-source-group.ts';
import { Tally } from '../../lambda/core/compliance-summary.ts';

/** Why an instance is left alone. */
export type LeftReason = Exclude<VerdictName, 'open'> | HoldProblem | 'terminated';

/** Instances that are left alone for one reason. */
export interface Left {
  count: number;
  /** The first few. */
  readonly examples: string[];
}

/** Instances of one origin that are to be closed. */
export interface OriginCount {
  readonly region: string;
  readonly origin: string;
  count: number;
}

/** What to judge by. */
export interface SurveyRules {
  readonly exemptionHorizonDays: number;
  readonly hopLimitAtLeast?: number;
}

const EXAMPLES = 5;

/** How things stand, and what is to be done. Of an instance that is to be closed it keeps the id, of others nothing. */
export class Survey {
  /** Every instance that is not going or gone, by region. */
  public readonly tallies: ReadonlyMap<string, Tally>;
  /** Ids by region. */
  public readonly toClose: ReadonlyMap<string, string[]>;
  public readonly left = new Map<LeftReason, Left>();
  /** How many of those to be closed get a higher hop limit. */
  public hopLimits = 0;
  readonly #rules: SurveyRules;
  readonly #origins = new Map<string, OriginCount>();
  readonly #unseen: Set<string>;

  /** @param ids of the instances asked for, if they were asked for by id. */
  public constructor(regions: readonly string[], rules: SurveyRules, ids: readonly string[] = []) {
    this.tallies = new Map(regions.map((region) => [region, new Tally()]));
    this.toClose = new Map(regions.map((region) => [region, []]));
    this.#rules = rules;
    this.#unseen = new Set(ids);
  }

  /** Takes an instance of one of the regions into account. */
  public add(region: string, snapshot: Snapshot, now: Date): void {
    const { exemptionHorizonDays, hopLimitAtLeast = 0 } = this.#rules;
    this.#unseen.delete(snapshot.instanceId);
    const verdict = verdictOf(snapshot, exemptionHorizonDays, now);
    if (verdict === undefined) return this.#leave('terminated', region, snapshot);
    this.tallies.get(region)?.add(verdict.name);
    if (verdict.problem !== undefined) return this.#leave(verdict.problem, region, snapshot);
    if (verdict.name !== 'open') return this.#leave(verdict.name, region, snapshot);
    this.toClose.get(region)?.push(snapshot.instanceId);
    this.#countOrigin(region, snapshot);
    if (raisedHopLimit(snapshot.options, hopLimitAtLeast) !== undefined) this.hopLimits += 1;
  }

  /** How many are to be closed. */
  public get total(): number {
    return [...this.toClose.values()].reduce((sum, ids) => sum + ids.length, 0);
  }

  /** How many were read, without those that are going or gone. */
  public get instances(): number {
    return [...this.tallies.values()].reduce((sum, tally) => sum + tally.instances, 0);
  }

  /** Origins of those to be closed, most instances first. */
  public get origins(): readonly OriginCount[] {
    return [...this.#origins.values()].sort((a, b) => b.count - a.count || (a.origin < b.origin ? -1 : 1));
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

  #countOrigin(region: string, { tags }: Snapshot): void {
    const group = originGroupOf(originOf(tags));
    const key = `${region} ${group.key}`;
    const known = this.#origins.get(key) ?? { region, origin: originLabel(group), count: 0 };
    this.#origins.set(key, known);
    known.count += 1;
  }
}
