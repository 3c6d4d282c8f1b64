import { type Advice, prevention } from '../../lambda/core/advice.ts';
import type { UsageRules } from '../../lambda/core/usage.ts';
import type { TriggerName } from '../../lambda/contract.ts';
import { FINDINGS } from '../../lambda/core/verdict.ts';
import type { Heard } from './monitoring.ts';
import type { OriginGroup, OriginKind } from './launch-source-group.ts';
import type { AuditRow } from './row.ts';
import { Tally } from '../../lambda/core/compliance-summary.ts';

/** The whole of an audit, without its instances. */
export interface Audit {
  /** Absent where STS did not say. */
  readonly account?: string;
  readonly at: Date;
  readonly exemptionHorizonDays: number;
  /** Where the use of IMDSv1 was measured. */
  readonly usage?: UsageAudit;
  readonly total: Tally;
  /** In the order asked for. */
  readonly regions: readonly RegionAudit[];
  /** Most findings first. */
  readonly origins: readonly OriginAudit[];
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
  readonly tally: Tally;
  /** Why the region could not be read to its end; what was read until then is counted. */
  readonly error?: string;
  /** What no rule of the product listens to there; absent where all is heard, or where that is not known. */
  readonly unheard?: readonly TriggerName[];
}

/** Instances of one origin. */
export interface OriginAudit {
  readonly region: string;
  readonly kind: OriginKind;
  readonly name: string;
  readonly tally: Tally;
  /** The first few findings. */
  readonly examples: readonly string[];
  /** What keeps the next instance from coming up with IMDSv1; only where there are findings. */
  readonly fix?: Advice;
}

/** How many instances, or resources of a stack, are named for an origin. */
const NAMED = 3;

interface Gathered {
  readonly region: string;
  readonly group: OriginGroup;
  readonly tally: Tally;
  readonly examples: string[];
  /** The first finding: the fix is for what it is like. */
  worst?: AuditRow;
  /** Resources of the stack that have findings. */
  readonly logicalIds: Set<string>;
}

/** Sums instances up. It grows with the number of regions and origins, not with that of instances. */
export class Summary {
  readonly #total = new Tally();
  readonly #regions: ReadonlyMap<string, Tally>;
  readonly #origins = new Map<string, Gathered>();

  public constructor(regions: readonly string[]) {
    this.#regions = new Map(regions.map((region) => [region, new Tally()]));
  }

  /** Takes one instance of one of the regions into account. */
  public add(row: AuditRow): void {
    const { region, instanceId, verdict, origin } = row;
    this.#total.add(verdict);
    this.#regions.get(region)?.add(verdict);
    const gathered = this.#gathered(row);
    gathered.tally.add(verdict);
    if (!FINDINGS.includes(verdict)) return;
    gathered.worst ??= row;
    if (gathered.examples.length < NAMED) gathered.examples.push(instanceId);
    if (origin.stackLogicalId !== undefined && gathered.logicalIds.size <= NAMED) {
      gathered.logicalIds.add(origin.stackLogicalId);
    }
  }

  /** Everything so far; `errors` says which regions could not be read to their end, and why; `unheard` where no rule listens. */
  public result(
    about: Pick<Audit, 'account' | 'at' | 'exemptionHorizonDays' | 'usage'>,
    errors: ReadonlyMap<string, string>,
    unheard: Heard['unheard'] = new Map(),
  ): Audit {
    const regions = [...this.#regions].map(([region, tally]) => ({
      region,
      tally,
      error: errors.get(region),
      unheard: unheard.get(region),
    }));
    const origins = [...this.#origins.values()].map((gathered) => toOrigin(gathered)).sort(worstFirst);
    return { ...about, total: this.#total, regions, origins };
  }

  #gathered({ region, group }: AuditRow): Gathered {
    const key = `${region} ${group.key}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const fresh = { region, group, tally: new Tally(), examples: [], logicalIds: new Set<string>() };
    this.#origins.set(key, fresh);
    return fresh;
  }
}

function toOrigin({ region, group: { kind, name }, tally, examples, worst, logicalIds }: Gathered): OriginAudit {
  const fix = worst && prevention({ region }, { ...worst.origin, ...resources(logicalIds) }, worst);
  return { region, kind, name, tally, examples, fix };
}

/** The advice names one resource of a stack; all that have findings need the same change. */
function resources(logicalIds: ReadonlySet<string>): { readonly stackLogicalId?: string } {
  if (logicalIds.size === 0) return {};
  const named = [...logicalIds].slice(0, NAMED).join(', ');
  return { stackLogicalId: logicalIds.size > NAMED ? `${named} and others` : named };
}

function worstFirst(a: OriginAudit, b: OriginAudit): number {
  return (
    b.tally.findings - a.tally.findings ||
    b.tally.instances - a.tally.instances ||
    compare(a.region, b.region) ||
    compare(a.kind, b.kind) ||
    compare(a.name, b.name)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
