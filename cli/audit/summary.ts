import type { Filter } from '../../lambda/app/ports/index.ts';
import type { Advice } from '../../lambda/core/advice.ts';
import { ComplianceSummary } from '../../lambda/core/compliance-summary.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import type { LaunchSourceKind } from '../../lambda/core/launch-source.ts';
import { prevention } from '../../lambda/core/prevention/advice.ts';
import type { Usage, UsageRules } from '../../lambda/core/usage.ts';
import { clean } from '../../lambda/core/text.ts';
import { FINDINGS } from '../../lambda/core/verdict.ts';
import { count, plural } from '../../lambda/core/words/format.ts';
import type { InstanceCallers } from '../callers/read.ts';
import type { Caller } from '../common/aws.ts';
import { filterText } from '../common/command-line.ts';
import { ascending } from '../common/sort.ts';
import { NOT_VISIBLE } from './read.ts';
import type { AuditRow } from './row.ts';

/** One output format of the audit. */
export interface Report {
  /** Receives the instances of a page; pages of different Regions come in any order. */
  add(rows: readonly AuditRow[]): void;
  /** Called once, after the last page. */
  end(audit: Audit): void;
}

/** What is known of an audit before instances are read. */
export interface AuditHead extends Partial<Caller> {
  /** Alias of the account, if it has one and it is known. */
  readonly alias?: string;
  readonly at: Date;
  /** Version of the command line. */
  readonly version: string;
  /** The Regions that were selected, in this order. */
  readonly regions: readonly string[];
  /** Only instances that match all of these. */
  readonly filters: readonly Filter[];
  /** The command with every option in effect, defaults included. */
  readonly command: string;
  readonly maxExemptionDays: number;
  /** The options of the audit that a suggested command repeats. */
  readonly repeatedOptions?: string;
}

/** The result of an audit, without its instances. */
export interface Audit extends AuditHead {
  /** Only if IMDSv1 usage was measured. */
  readonly usage?: UsageAudit;
  readonly usageCounts: UsageCounts;
  /** Only if callers were looked up: those of the busiest instances with IMDSv1 in use. */
  readonly callers?: readonly InstanceCallers[];
  readonly total: ComplianceSummary;
  readonly byRegion: readonly RegionAudit[];
  /** Most findings first. */
  readonly launchSources: readonly LaunchSourceAudit[];
}

/** Numbers of non-compliant instances by IMDSv1 usage. */
export type UsageCounts = Readonly<Record<Usage['kind'], number>>;

export interface UsageAudit extends UsageRules {
  /** Number of metrics that CloudWatch charges for. */
  readonly metricsRequested: number;
  /** Why usage could not be measured, by Region. */
  readonly errors: ReadonlyMap<string, string>;
}

export interface RegionAudit {
  readonly region: string;
  readonly compliance: ComplianceSummary;
  /** Why the Region could not be read completely; instances read before the error are counted. */
  readonly error?: string;
  /** Triggers without an EventBridge rule; absent if none or unknown. */
  readonly notMonitored?: readonly string[];
}

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

/** The launch source of `first`, while instances are added. */
class LaunchSourceTotals {
  readonly #compliance = new ComplianceSummary();
  readonly #examples: string[] = [];
  /** Logical ids of the stack's resources that have findings. */
  readonly #logicalIds = new Set<string>();
  /** The fix is based on it. */
  #firstFinding?: AuditRow;

  public constructor(private readonly first: AuditRow) {}

  public add(row: AuditRow): void {
    this.#compliance.add(row.verdict);
    if (!FINDINGS.includes(row.verdict)) return;
    this.#firstFinding ??= row;
    if (this.#examples.length < LISTED) this.#examples.push(row.instanceId);
    const { stackLogicalId } = row.launchSource;
    if (stackLogicalId !== undefined && this.#logicalIds.size <= LISTED) this.#logicalIds.add(stackLogicalId);
  }

  public result(): LaunchSourceAudit {
    const { region, group } = this.first;
    const { kind, name } = group;
    // All resources of a stack that have findings need the change that the fix names.
    const ids = [...this.#logicalIds].slice(0, LISTED).join(', ');
    const stackLogicalId = this.#logicalIds.size > LISTED ? `${ids} and others` : ids;
    const finding = this.#firstFinding;
    const launchSource = { ...finding?.launchSource, ...(ids !== '' && { stackLogicalId }) };
    const fix = finding && prevention({ region }, launchSource, finding.containerHost);
    return { region, kind, name, compliance: this.#compliance, examples: this.#examples, fix };
  }
}

/** Aggregates instances. Its size depends on the number of launch sources, not of instances. */
export class Summary {
  readonly #total = new ComplianceSummary();
  readonly #usageCounts = { unused: 0, 'in-use': 0, unknown: 0 };
  readonly #regions: ReadonlyMap<string, ComplianceSummary>;
  readonly #launchSources = new Map<string, LaunchSourceTotals>();

  public constructor(regions: readonly string[]) {
    this.#regions = new Map(regions.map((region) => [region, new ComplianceSummary()]));
  }

  /** Adds an instance of one of the Regions. */
  public add(row: AuditRow): void {
    this.#total.add(row.verdict);
    if (row.usage !== undefined) this.#usageCounts[row.usage.kind] += 1;
    this.#regions.get(row.region)?.add(row.verdict);
    const key = `${row.region} ${row.group.key}`;
    const totals = this.#launchSources.get(key) ?? new LaunchSourceTotals(row);
    this.#launchSources.set(key, totals);
    totals.add(row);
  }

  /**
   * The result so far.
   *
   * @param errors why Regions could not be read completely.
   * @param notMonitored triggers without a rule, by Region.
   */
  public result(
    head: Pick<Audit, keyof AuditHead | 'usage' | 'callers'>,
    errors: ReadonlyMap<string, string>,
    notMonitored: ReadonlyMap<string, readonly string[]> = new Map(),
  ): Audit {
    const byRegion = [...this.#regions].map(([region, compliance]) => ({
      region,
      compliance,
      error: errors.get(region),
      notMonitored: notMonitored.get(region),
    }));
    const launchSources = [...this.#launchSources.values()].map((totals) => totals.result()).sort(mostFindingsFirst);
    return { ...head, total: this.#total, usageCounts: this.#usageCounts, byRegion, launchSources };
  }
}

/** The account with its alias, such as `111122223333 (prod)`. */
export const accountLabel = ({ account, alias }: AuditHead): string | undefined =>
  account && `${account}${alias === undefined ? '' : ` (${alias})`}`;

/** Which instances were audited, and where: `all instances in eu-west-1`, or which of them. */
export function subjectOf(head: AuditHead): string {
  const { regions, filters } = head;
  const place = regions.length > MAX_REGIONS ? plural(regions.length, 'Region') : regions.join(', ');
  return `${filters.length === 0 ? 'all instances' : scopeOf(head)} in ${place}`;
}

/** The most Regions that are named. */
const MAX_REGIONS = 3;

/** Which instances were audited: `instances`, or which of them. */
export function scopeOf({ filters }: AuditHead): string {
  if (filters.length === 0) return 'instances';
  return `instances that match ${filters.map((filter) => clean(filterText(filter), MAX_FILTER)).join(' and ')}`;
}

const MAX_FILTER = 512;

/** How many instances use IMDSv1, in a window of days. */
export function usageTotals({ usageCounts }: Audit, { lookBackDays }: UsageRules): string {
  const { unused, 'in-use': inUse, unknown } = usageCounts;
  return `last ${count(lookBackDays)} days: ${count(unused)} unused, ${count(inUse)} in use, ${count(unknown)} unknown`;
}

/** How much of a Region was read, if not all of it. */
export function regionGap({ error, compliance }: RegionAudit): Gap | undefined {
  if (error === undefined) return undefined;
  if (compliance.instances > 0) return 'partially read';
  return error.startsWith(NOT_VISIBLE) ? NOT_VISIBLE : 'not read';
}

type Gap = typeof NOT_VISIBLE | 'not read' | 'partially read';

/** What the totals do not have, such as `without 1 Region that is not visible from here`; absent if they have everything. */
export function incompleteNote({ byRegion }: Audit): string | undefined {
  const byGap = groupBy(byRegion, regionGap);
  const parts = GAPS.flatMap(([gap, one, many]) => {
    const { length = 0 } = byGap.get(gap) ?? [];
    return length === 0 ? [] : `${plural(length, 'Region')} ${length === 1 ? one : many}`;
  });
  return parts.length === 0 ? undefined : `without ${parts.join(' and ')}`;
}

const GAPS: readonly (readonly [gap: Gap, one: string, many: string])[] = [
  [NOT_VISIBLE, 'that is not visible from here', 'that are not visible from here'],
  ['not read', 'that could not be read', 'that could not be read'],
  ['partially read', 'of which a part could not be read', 'of which a part could not be read'],
];

/** The command that requires IMDSv2 on the instances of an audit. */
export function enforceCommand({ byRegion, repeatedOptions = '' }: Audit): string {
  const affected = byRegion.filter(({ compliance }) => compliance.counts['non-compliant'] > 0);
  const names = (affected.length > 0 ? affected : byRegion).map(({ region }) => region).join(',');
  return `imdsv2 enforce --regions ${names} ${repeatedOptions}`.trim();
}

const mostFindingsFirst = ascending(({ region, kind, name, compliance }: LaunchSourceAudit) => [
  -compliance.findings,
  -compliance.instances,
  region,
  kind,
  name,
]);
