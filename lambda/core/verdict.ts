import { decide, type ReviewReason } from './decide.ts';
import type { Snapshot } from './instance.ts';

/** How an instance stands with CIS AWS 5.7 and Security Hub EC2.8, in our words. */
export const VERDICTS = [
  'non-compliant',
  'unreadable',
  'pending',
  'exempt',
  'imds-off',
  'aws-managed',
  'compliant',
] as const;
export type VerdictName = (typeof VERDICTS)[number];

export interface Verdict {
  readonly name: VerdictName;
  /** Of an exemption in date: the day it ends. */
  readonly until?: string;
  /** Of an exemption in date: why, as somebody wrote it. */
  readonly reason?: string;
  /** What is wrong with an exemption that does not count, or with what EC2 said. */
  readonly problem?: ReviewReason;
  /** The value that `problem` is about. */
  readonly value?: string;
}

/** Those that an auditor would write up. IMDS that is off is flagged by EC2.8 too, but nothing answers there. */
export const FINDINGS: readonly VerdictName[] = ['non-compliant', 'unreadable'];

/**
 * Judges an instance as the decision would if somebody asked to close it now; `undefined` if it is going or gone.
 *
 * CIS asks for `HttpTokens=required` and for the change to have reached the instance: until then it is `pending`.
 */
export function verdictOf(snapshot: Snapshot, maxExemptionDays: number, now: Date): Verdict | undefined {
  const context = { trigger: 'command', eventId: '', occurredAt: now } as const;
  const decision = decide(snapshot, context, { existing: 'enforce', maxExemptionDays }, now);
  switch (decision.kind) {
    case 'remediate':
      return { name: 'non-compliant' };
    case 'exempt':
      return { name: 'exempt', until: decision.until, reason: decision.grantReason };
    case 'needs-review': {
      const { problem, value } = decision;
      return { name: problem === 'unreadable' ? 'unreadable' : 'non-compliant', problem, value };
    }
    case 'skip':
      switch (decision.reason) {
        case 'terminated':
          return undefined;
        case 'aws-managed':
          return { name: 'aws-managed' };
        case 'endpoint-disabled':
          return { name: 'imds-off' };
        case 'compliant':
        case 'already-remediated':
          return { name: snapshot.options.State === 'pending' ? 'pending' : 'compliant' };
      }
  }
}
