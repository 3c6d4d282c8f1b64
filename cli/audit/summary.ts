import { type Advice, prevention } from '../../lambda/core/advice.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import type { TriggerName } from '../../lambda/contract.ts';
import { FINDINGS } from '../../lambda/core/verdict.ts';
import type { Monitoring } from './monitoring.ts';
import type { LaunchSourceGroup, LaunchSourceKind } from './launch-source-group.ts';
import type { AuditRow } from './row.ts';
import { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';

/** The whole of an audit, without its instances. */
export interface Audit {
  /** Absent where STS did not say. */
  readonly account?: string;
  readonly at: Date;
  readonly maxExemptionDays: number;
  /** Where the use of IMDSv1 was measured. */
  readonly usage?: UsageAudit;
  readonly total: ComplianceSummary;
  /** In the order asked for. */
  readonly regions: readonly RegionAudit[];
  /** Most findings first. */
  readonly launchSources: readonly LaunchSourceAudit[];
}

/** How the use of IMDSv1 was measured. */
export interface UsageAudit extends UsageRules {
  /** What CloudWatch charges for: $0.01 for 1,000. */
  readonly metricsAsked: number;
  /** Why it could not be measured, by region. */
  readonly errors: ReadonlyMap<string, string>;
}

/** One region of an audit. */
export interface RegionAudit {
  readonly region: string;
  readonly compliance: ComplianceSummary;
  /** Why the region could not be read to its end; what was read until then is counted. */
  readonly error?: string;
  /** What no rule of the product listens to there; absent where all is heard, or where that is not known. */
  readonly notMonitored?: readonly TriggerName[];
}

/** Instances of one launchSource. */
export interface LaunchSourceAudit {
  readonly region: string;
  readonly kind: LaunchSourceKind;
  readonly name: string;
  readonly compliance: ComplianceSummary;
  /** The first few findings. */
  readonly examples: readonly string[];
  /** What keeps the next instance from coming up with IMDSv1; only where there are findings. */
  readonly fix?: Advice;
}

/** How many instances, or resources of a stack, are named for an launchSource. */
const NAMED = 3;

interface Gathered {
  readonly region: string;
  readonly group: LaunchSourceGroup;
  readonly compliance: ComplianceSummary;
  readonly examples: string[];
  /** The first finding: the fix is for what it is like. */
  worst?: AuditRow;
  /** Resources of the stack that have findings. */
  readonly logicalIds: Set<string>;
}

/** Sums instances up. It grows with the number of regions and launchSources, not with that of instances. */
export class Summary {
  readonly #total = new ComplianceSummary();
  readonly #regions: ReadonlyMap<string, ComplianceSummary>;
  readonly #launchSources = new Map<string, Gathered>();

  public constructor(regions: readonly string[]) {
    this.#regions = new Map(regions.map((region) => [region, new ComplianceSummary()]));
  }

  /** Takes one instance of one of the regions into account. */
  public add(row: AuditRow): void {
    const { region, instanceId, verdict, launchSource } = row;
    this.#total.add(verdict);
    this.#regions.get(region)?.add(verdict);
    const gathered = this.#gathered(row);
    gathered.compliance.add(verdict);
    if (!FINDINGS.includes(verdict)) return;
    gathered.worst ??= row;
    if (gathered.examples.length < NAMED) gathered.examples.push(instanceId);
    if (launchSource.stackLogicalId !== undefined && gathered.logicalIds.size <= NAMED) {
      gathered.logicalIds.add(launchSource.stackLogicalId);
    }
  }

  /** Everything so far; `errors` says which regions could not be read to their end, and why; `notMonitored` where no rule listens. */
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
    const launchSources = [...this.#launchSources.values()]
      .map((gathered) => toLaunchSource(gathered))
      .sort(worstFirst);
    return { ...about, total: this.#total, regions, launchSources };
  }

  #gathered({ region, group }: AuditRow): Gathered {
    const key = `${region} ${group.key}`;
    const known = this.#launchSources.get(key);
    if (known !== undefined) return known;
    const fresh = { region, group, compliance: new ComplianceSummary(), examples: [], logicalIds: new Set<string>() };
    this.#launchSources.set(key, fresh);
    return fresh;
  }
}

function toLaunchSource({
  region,
  group: { kind, name },
  compliance,
  examples,
  worst,
  logicalIds,
}: Gathered): LaunchSourceAudit {
  const fix = worst && prevention({ region }, { ...worst.launchSource, ...resources(logicalIds) }, worst);
  return { region, kind, name, compliance, examples, fix };
}

/** The advice names one resource of a stack; all that have findings need the same change. */
function resources(logicalIds: ReadonlySet<string>): { readonly stackLogicalId?: string } {
  if (logicalIds.size === 0) return {};
  const named = [...logicalIds].slice(0, NAMED).join(', ');
  return { stackLogicalId: logicalIds.size > NAMED ? `${named} and others` : named };
}

function worstFirst(a: LaunchSourceAudit, b: LaunchSourceAudit): number {
  return (
    b.compliance.findings - a.compliance.findings ||
    b.compliance.instances - a.compliance.instances ||
    compare(a.region, b.region) ||
    compare(a.kind, b.kind) ||
    compare(a.name, b.name)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
