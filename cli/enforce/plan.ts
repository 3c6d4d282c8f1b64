import { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';
import { decide } from '../../lambda/core/decide.ts';
import { raisedHopLimit } from '../../lambda/core/hop-limit.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import { type Candidate, rollOut, toCandidate } from '../../lambda/core/rollout.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { type VerdictName, verdictOf } from '../../lambda/core/verdict.ts';
import { launchSourceLabel } from '../../lambda/core/words/launch-source.ts';
import { launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';
import { command } from '../../lambda/triggers/command.ts';
import { ascending } from '../common/sort.ts';

/** Why a non-compliant instance is left out unless an option includes it. */
export type UsageReason = 'in-use' | 'usage-unknown';

/** Why an instance is not changed. */
export type UnchangedReason =
  Exclude<VerdictName, 'non-compliant'> | UsageReason | 'sibling-rejected' | 'later' | 'terminated';

/** A non-compliant instance that is left out, or that an option includes. */
export interface JudgedByUsage {
  readonly region: string;
  readonly instanceId: string;
  readonly launchSource: string;
  readonly reason: UsageReason;
  /** Absent if it was not measured. */
  readonly usage?: Usage;
}

/** What is remediated, and how. */
export interface PlanRules {
  readonly maxExemptionDays: number;
  readonly hopLimitAtLeast?: number;
  readonly includeInUse?: true;
  readonly includeUnknown?: true;
  /** Whole launch sources in one run, instead of a share. */
  readonly allAtOnce?: true;
}

/** Instances that are not changed, for one reason. */
export interface Unchanged {
  count: number;
  /** The first few, as `region id`. */
  readonly examples: string[];
}

/** Instances of one launch source that are to be remediated. */
export interface LaunchSourceCount {
  readonly region: string;
  readonly launchSource: string;
  count: number;
}

const EXAMPLES = 5;

/** What is to be remediated, and the compliance before. Of other instances it keeps only counts. */
export class Plan {
  /** Instances by Region, without terminated ones. */
  public readonly compliance: ReadonlyMap<string, ComplianceSummary>;
  /** Instance ids by Region. */
  public readonly toRemediate: ReadonlyMap<string, string[]>;
  public readonly unchanged = new Map<UnchangedReason, Unchanged>();
  /** Instances with IMDSv1 in use or unknown usage that are left out. */
  public readonly leftOut: JudgedByUsage[] = [];
  /** Instances with IMDSv1 in use or unknown usage that options include. */
  public readonly included: JudgedByUsage[] = [];
  /** Instances to remediate with an exemption tag that exempts nothing, as `region id`. */
  public readonly wrongExemptions: string[] = [];
  /** Number of instances to remediate whose hop limit is raised. */
  public hopLimitsToRaise = 0;
  readonly #launchSources = new Map<string, LaunchSourceCount>();
  readonly #candidates = new Map<string, Snapshot[]>();
  /** Instances that require IMDSv2, by Region and launch source. */
  readonly #required = new Map<string, Map<string, number>>();
  readonly #notFound: Set<string>;
  /** Instances that were selected one by one are not shared out. */
  readonly #isSelection: boolean;

  /** @param ids the selected instances, if they are selected by id. */
  public constructor(
    regions: readonly string[],
    private readonly rules: PlanRules,
    ids?: readonly string[],
  ) {
    this.#isSelection = ids !== undefined;
    this.compliance = new Map(regions.map((region) => [region, new ComplianceSummary()]));
    this.toRemediate = new Map(regions.map((region) => [region, []]));
    this.#notFound = new Set(ids);
  }

  /**
   * Adds an instance of one of the Regions.
   *
   * @param usage of a non-compliant instance; absent if it was not measured.
   */
  public add(region: string, snapshot: Snapshot, now: Date, usage?: Usage): void {
    const { maxExemptionDays } = this.rules;
    this.#notFound.delete(snapshot.instanceId);
    const verdict = verdictOf(snapshot, maxExemptionDays, now);
    if (verdict === undefined) return this.#skip('terminated', region, snapshot);
    this.compliance.get(region)?.add(verdict.name);
    if (snapshot.options.HttpTokens === 'required') this.#countRequired(region, snapshot);
    if (verdict.name !== 'non-compliant') return this.#skip(verdict.name, region, snapshot);
    const reason = this.#reviewReason(snapshot, now, usage);
    if (reason !== undefined) {
      const isIncluded = reason === 'in-use' ? this.rules.includeInUse : this.rules.includeUnknown;
      const launchSource = launchSourceLabel(launchSourceGroupOf(launchSourceOf(snapshot.tags)));
      const judged = { region, instanceId: snapshot.instanceId, launchSource, reason, usage };
      (isIncluded ? this.included : this.leftOut).push(judged);
      if (!isIncluded) return this.#skip(reason, region, snapshot);
    }
    if (verdict.problem !== undefined) this.wrongExemptions.push(`${region} ${snapshot.instanceId}`);
    const candidates = this.#candidates.get(region) ?? [];
    this.#candidates.set(region, candidates);
    candidates.push(snapshot);
  }

  /** Regions in which instances of launch sources are to be remediated. */
  public get regionsWithLaunchSources(): readonly string[] {
    const hasFleet = (snapshots: readonly Snapshot[]) => snapshots.some((one) => toCandidate(one).fleet !== undefined);
    return [...this.#candidates].flatMap(([region, snapshots]) => (hasFleet(snapshots) ? [region] : []));
  }

  /**
   * Decides what this run changes, once all instances are added: of a launch source a share, as a scan does, and
   * nothing while calls are rejected on one of its instances.
   *
   * @param stopped keys of such launch sources, by Region.
   */
  public settle(stopped: ReadonlyMap<string, ReadonlySet<string>>): void {
    const { hopLimitAtLeast = 0, allAtOnce = false } = this.rules;
    for (const [region, snapshots] of this.#candidates) {
      const isStopped = ({ fleet }: Candidate) => fleet !== undefined && stopped.get(region)?.has(fleet) === true;
      const free = snapshots.map(toCandidate).filter((candidate) => !isStopped(candidate));
      const share = new Set(
        allAtOnce || this.#isSelection
          ? free.map(({ instanceId }) => instanceId)
          : rollOut(free, this.#required.get(region) ?? new Map()),
      );
      for (const snapshot of snapshots) {
        if (isStopped(toCandidate(snapshot))) this.#skip('sibling-rejected', region, snapshot);
        else if (!share.has(snapshot.instanceId)) this.#skip('later', region, snapshot);
        else {
          this.toRemediate.get(region)?.push(snapshot.instanceId);
          this.#countLaunchSource(region, snapshot);
          if (raisedHopLimit(snapshot.options, hopLimitAtLeast) !== undefined) this.hopLimitsToRaise += 1;
        }
      }
    }
  }

  /** Number of non-compliant instances that this run leaves to a later one. */
  public get leftToLater(): number {
    return (['later', 'sibling-rejected'] as const).reduce(
      (sum, reason) => sum + (this.unchanged.get(reason)?.count ?? 0),
      0,
    );
  }

  /** Number of instances to remediate. */
  public get total(): number {
    return [...this.toRemediate.values()].flat().length;
  }

  /** Instances of all Regions, without terminated ones. */
  public get totalCompliance(): ComplianceSummary {
    return ComplianceSummary.of([...this.compliance.values()]);
  }

  /** Launch sources of the instances to remediate, most instances first. */
  public get launchSources(): readonly LaunchSourceCount[] {
    return [...this.#launchSources.values()].sort(ascending((each) => [-each.count, each.launchSource]));
  }

  /** Selected ids that were found in no Region. */
  public get notFound(): readonly string[] {
    return [...this.#notFound];
  }

  /** Decides as a scan does under `existing=enforce-when-unused`. */
  #reviewReason(snapshot: Snapshot, now: Date, usage: Usage | undefined): UsageReason | undefined {
    const { maxExemptionDays } = this.rules;
    const policy = { existing: 'enforce-when-unused', maxExemptionDays } as const;
    const decision = decide(snapshot, { trigger: command, eventId: '', occurredAt: now, usage }, policy, now);
    if (decision.kind !== 'needs-review') return undefined;
    return decision.problem === 'in-use' ? 'in-use' : 'usage-unknown';
  }

  #skip(reason: UnchangedReason, region: string, { instanceId }: Snapshot): void {
    const group = this.unchanged.get(reason) ?? { count: 0, examples: [] };
    this.unchanged.set(reason, group);
    group.count += 1;
    if (group.examples.length < EXAMPLES) group.examples.push(`${region} ${instanceId}`);
  }

  #countRequired(region: string, snapshot: Snapshot): void {
    const { fleet } = toCandidate(snapshot);
    if (fleet === undefined) return;
    const required = this.#required.get(region) ?? new Map<string, number>();
    this.#required.set(region, required.set(fleet, (required.get(fleet) ?? 0) + 1));
  }

  #countLaunchSource(region: string, { tags }: Snapshot): void {
    const group = launchSourceGroupOf(launchSourceOf(tags));
    const key = `${region} ${group.key}`;
    const entry = this.#launchSources.get(key) ?? { region, launchSource: launchSourceLabel(group), count: 0 };
    this.#launchSources.set(key, entry);
    entry.count += 1;
  }
}
