import { FINDINGS, type VerdictName, VERDICTS } from './verdict.ts';

/** Number of instances by verdict. */
export type Counts = Readonly<Record<VerdictName, number>>;

/** Instances counted by verdict. */
export class ComplianceSummary {
  readonly #counts = Object.fromEntries(VERDICTS.map((name) => [name, 0])) as Record<VerdictName, number>;

  /** The sum of several summaries. */
  public static of(summaries: readonly ComplianceSummary[]): ComplianceSummary {
    const sum = new ComplianceSummary();
    for (const { counts } of summaries) for (const name of VERDICTS) sum.#counts[name] += counts[name];
    return sum;
  }

  /** Counts one more instance. */
  public add(verdict: VerdictName): void {
    this.#counts[verdict] += 1;
  }

  /** Number of instances by verdict. */
  public get counts(): Counts {
    return this.#counts;
  }

  /** Number of instances. */
  public get instances(): number {
    return VERDICTS.reduce((sum, name) => sum + this.#counts[name], 0);
  }

  /** Number of instances that the compliance is a share of: all but those that an AWS service operates, which no one else can change. */
  public get assessed(): number {
    return this.instances - this.#counts['aws-managed'];
  }

  /** Number of instances that an auditor would report. */
  public get findings(): number {
    return FINDINGS.reduce((sum, name) => sum + this.#counts[name], 0);
  }
}

/**
 * Share of the assessed instances that pass CIS AWS 5.7, from 0 to 1; `undefined` if there are none.
 *
 * An instance passes if IMDSv2 is required and the change is applied.
 */
export function complianceShare({ assessed, counts }: ComplianceSummary): number | undefined {
  return assessed === 0 ? undefined : counts.compliant / assessed;
}

/** `complianceShare` from 0 to 100, rounded down to one decimal: 100 means all of them. */
export function compliancePercent(summary: ComplianceSummary): number | undefined {
  const share = complianceShare(summary);
  return share === undefined ? undefined : Math.floor(share * 1000) / 10;
}
