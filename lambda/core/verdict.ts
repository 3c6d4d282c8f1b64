import { decide } from './decide.ts';
import { readExemption } from './exemption.ts';
import type { Snapshot } from './instance.ts';
import type { ReviewReason } from './reason.ts';

/** Compliance of an instance with CIS AWS 5.7 and Security Hub EC2.8. */
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

/** The verdict on one instance. Texts are untrusted input. */
export interface Verdict {
  readonly name: VerdictName;
  /** The last day of an exemption in date. */
  readonly until?: string;
  /** The reason of an exemption in date. */
  readonly reason?: string;
  /** What is wrong with the exemption tag, or with the metadata options. */
  readonly problem?: ReviewReason;
  /** The value that is wrong. */
  readonly value?: string;
}

/** Verdicts that an auditor would report. EC2.8 also reports disabled IMDS, although IMDSv1 is off too. */
export const FINDINGS: readonly VerdictName[] = ['non-compliant', 'unreadable'];

/**
 * The verdict on an instance, as of now; `undefined` if it is shutting down or terminated.
 *
 * It is the decision that would be taken if the instance were to be remediated. CIS requires `HttpTokens=required` and
 * that the change is applied: until then the verdict is `pending`.
 */
export function verdictOf(snapshot: Snapshot, maxExemptionDays: number, now: Date): Verdict | undefined {
  const context = { trigger: { name: 'verdict' }, eventId: '', occurredAt: now };
  const decision = decide(snapshot, context, { existing: 'enforce', maxExemptionDays }, now);
  switch (decision.kind) {
    case 'remediate': {
      const exemption = readExemption(snapshot.tags, now, maxExemptionDays);
      if (exemption.kind === 'malformed')
        return { name: 'non-compliant', problem: 'exemption-malformed', value: exemption.value };
      if (exemption.kind === 'exceeds-maximum')
        return { name: 'non-compliant', problem: 'exemption-exceeds-maximum', value: exemption.until };
      return { name: 'non-compliant' };
    }
    case 'exempt':
      return { name: 'exempt', until: decision.until, reason: decision.grantReason };
    case 'needs-review':
      return { name: 'unreadable', problem: decision.problem };
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
