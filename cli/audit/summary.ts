import { type Advice, prevention } from '../../lambda/core/advice.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import { FINDINGS } from '../../lambda/core/verdict.ts';
import type { Monitoring } from './monitoring.ts';
import type { LaunchSourceKind } from '../../lambda/core/launch-source.ts';
import type { LaunchSourceGroup } from './launch-source-group.ts';
import type { AuditRow } from './row.ts';
import { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';

/** The result of an audit, without its instances. */
export interface Audit {
  /** Absent if STS could not be reached. */
  readonly account?: string;
  readonly at: Date;
  readonly maxExemptionDays: number;
  /** Only if IMDSv1 usage was measured. */
  readonly usage?: UsageAudit;
  readonly total: ComplianceSummary;
  /** In the order of `--regions`. */
  readonly regions: readonly RegionAudit[];
  /** Most findings first. */
  readonly launchSources: readonly LaunchSourceAudit[];
}

/** How IMDSv1 usage was measured. */
export interface UsageAudit extends UsageRules {
  /** Number of metrics that CloudWatch charges for. */
  readonly metricsRequested: number;
  /** Why usage could not be measured, by Region. */
  readonly errors: ReadonlyMap<string, string>;
}

/** One Region of an audit. */
export interface RegionAudit {
  readonly region: string;
  readonly compliance: ComplianceSummary;
  /** Why the Region could not be read completely; instances read before the error are counted. */
  readonly error?: string;
  /** Triggers without an EventBridge rule; absent if none or unknown. */
  readonly notMonitored?: readonly string[];
}

/** Instances of one launch source. */
export interface LaunchSourceAudit {
  readonly region: string;
  readonly kind: LaunchSourceKind;
  readonly name: string;
  readonly compliance: ComplianceSummary;
  /** Ids of the first few findings. */
  readonly examples: readonly string[];
  /** How to change the launch source so that new instances require IMDSv2; only if there are findings. */
  readonly fix?: Advice;
}

/** How many instances, or resources of a stack, are listed per launch source. */
const LISTED = 3;

/** A launch source while instances are added. */
interface LaunchSourceTotals {
  readonly region: string;
  readonly group: LaunchSourceGroup;
  readonly compliance: ComplianceSummary;
  readonly examples: string[];
  /** The first finding; the fix is based on its metadata options. */
  firstFinding?: AuditRow;
  /** Logical ids of the stack's resources that have findings. */
  readonly logicalIds: Set<string>;
}

/** Aggregates instances. Its size depends on the number of launch sources, not of instances. */
export class Summary {
  readonly #total = new ComplianceSummary();
  readonly #regions: ReadonlyMap<string, ComplianceSummary>;
  readonly #launchSources = new Map<string, LaunchSourceTotals>();

  public constructor(regions: readonly string[]) {
    this.#regions = new Map(regions.map((region) => [region, new ComplianceSummary()]));
  }

  /** Adds an instance of one of the Regions. */
  public add(row: AuditRow): void {
    const { region, instanceId, verdict, launchSource } = row;
    this.#total.add(verdict);
    this.#regions.get(region)?.add(verdict);
    const totals = this.#totalsOf(row);
    totals.compliance.add(verdict);
    if (!FINDINGS.includes(verdict)) return;
    totals.firstFinding ??= row;
    if (totals.examples.length < LISTED) totals.examples.push(instanceId);
    if (launchSource.stackLogicalId !== undefined && totals.logicalIds.size <= LISTED) {
      totals.logicalIds.add(launchSource.stackLogicalId);
    }
  }

  /**
   * The result so far.
   *
   * @param errors why Regions could not be read completely.
   * @param notMonitored triggers without a rule, by Region.
   */
  public result(
    about: Pick<Audit, 'account' | 'at' | 'maxExemptionDays' | 'usage'>,
    errors: ReadonlyMap<string, string>,
    notMonitored: Monitoring['notMonitored'] = new Map(),
  ): Audit {
    const regions = [...this.#regions].map(([region, compliance]) => ({
      region,
      compliance,
      error: errors.get(region),
      notMonitored: notMonitored.get(region),
    }));
    const launchSources = [...this.#launchSources.values()].map(toLaunchSource).sort(mostFindingsFirst);
    return { ...about, total: this.#total, regions, launchSources };
  }

  #totalsOf({ region, group }: AuditRow): LaunchSourceTotals {
    const key = `${region} ${group.key}`;
    const existing = this.#launchSources.get(key);
    if (existing !== undefined) return existing;
    const added = { region, group, compliance: new ComplianceSummary(), examples: [], logicalIds: new Set<string>() };
    this.#launchSources.set(key, added);
    return added;
  }
}

function toLaunchSource(totals: LaunchSourceTotals): LaunchSourceAudit {
  const { region, group, compliance, examples, firstFinding, logicalIds } = totals;
  const launchSource = { ...firstFinding?.launchSource, ...resources(logicalIds) };
  const fix = firstFinding && prevention({ region }, launchSource, firstFinding);
  return { region, kind: group.kind, name: group.name, compliance, examples, fix };
}

/** The resources of a stack with findings, which all need the change that the fix names. */
function resources(logicalIds: ReadonlySet<string>): { readonly stackLogicalId?: string } {
  if (logicalIds.size === 0) return {};
  const listed = [...logicalIds].slice(0, LISTED).join(', ');
  return { stackLogicalId: logicalIds.size > LISTED ? `${listed} and others` : listed };
}

function mostFindingsFirst(a: LaunchSourceAudit, b: LaunchSourceAudit): number {
  return (
    b.compliance.findings - a.compliance.findings ||
    b.compliance.instances - a.compliance.instances ||
    compare(a.region, b.region) ||
    compare(a.kind, b.kind) ||
    compare(a.name, b.name)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
