import { FINDINGS, type VerdictName, VERDICTS } from './verdict.ts';

/** How many instances there are of each verdict. */
export type Counts = Readonly<Record<VerdictName, number>>;

/** Instances counted by verdict. */
export class ComplianceSummary {
  readonly #counts = Object.fromEntries(VERDICTS.map((name) => [name, 0])) as Record<VerdictName, number>;

  /** All of them together. */
  public static of(tallies: readonly ComplianceSummary[]): ComplianceSummary {
    const sum = new ComplianceSummary();
    for (const { counts } of tallies) for (const name of VERDICTS) sum.#counts[name] += counts[name];
    return sum;
  }

  /** Counts one more. */
  public add(verdict: VerdictName): void {
    this.#counts[verdict] += 1;
  }

  public get counts(): Counts {
    return this.#counts;
  }

  public get instances(): number {
    return VERDICTS.reduce((sum, name) => sum + this.#counts[name], 0);
  }

  public get findings(): number {
    return FINDINGS.reduce((sum, name) => sum + this.#counts[name], 0);
  }
}

/**
 * The share of instances that CIS AWS 5.7 passes: tokens required, and the change applied. Those that an AWS service operates
 * are left out, for nobody else can change them. `undefined` where no instance is left.
 */
export function shareOf({ instances, counts }: ComplianceSummary): number | undefined {
  const own = instances - counts['aws-managed'];
  return own === 0 ? undefined : counts.compliant / own;
}
