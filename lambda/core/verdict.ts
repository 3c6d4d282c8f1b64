import { decide, type HoldProblem } from './decide.ts';
import type { Snapshot } from './instance.ts';

/** How an instance stands with CIS AWS 5.7 and Security Hub EC2.8, in our words. */
export const VERDICTS = ['open', 'unreadable', 'pending', 'exempt', 'imds-off', 'aws-managed', 'compliant'] as const;
export type VerdictName = (typeof VERDICTS)[number];

export interface Verdict {
  readonly name: VerdictName;
  /** Of an exemption in date: the day it ends. */
  readonly until?: string;
  /** Of an exemption in date: why, as somebody wrote it. */
  readonly reason?: string;
  /** What is wrong with an exemption that does not count, or with what EC2 said. */
  readonly problem?: HoldProblem;
  /** The value that `problem` is about. */
  readonly value?: string;
}

/** Those that an auditor would write up. IMDS that is off is flagged by EC2.8 too, but nothing answers there. */
export const FINDINGS: readonly VerdictName[] = ['open', 'unreadable'];

/**
 * Judges an instance as the decision would if somebody asked to close it now; `undefined` if it is going or gone.
 *
 * CIS asks for `HttpTokens=required` and for the change to have reached the instance: until then it is `pending`.
 */
export function verdictOf(snapshot: Snapshot, exemptionHorizonDays: number, now: Date): Verdict | undefined {
  const context = { trigger: 'command', eventId: '', occurredAt: now } as const;
  const decision = decide(snapshot, context, { existing: 'enforce', exemptionHorizonDays }, now);
  switch (decision.kind) {
    case 'remediate':
      return { name: 'open' };
    case 'exempt':
      return { name: 'exempt', until: decision.until, reason: decision.grantReason };
    case 'hold': {
      const { problem, value } = decision;
      return { name: problem === 'unreadable' ? 'unreadable' : 'open', problem, value };
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
        case 'closed':
          return { name: snapshot.options.State === 'pending' ? 'pending' : 'compliant' };
      }
  }
}
