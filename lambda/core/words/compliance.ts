import { compliancePercent, type ComplianceSummary } from '../compliance-summary.ts';
import type { Exemption } from '../exemption.ts';
import type { VerdictName } from '../verdict.ts';
import { count } from './format.ts';

/** Labels of verdicts. */
export const VERDICT_LABELS: Readonly<Record<VerdictName, string>> = {
  'non-compliant': 'IMDSv1 enabled',
  unreadable: 'unreadable',
  pending: 'pending',
  exempt: 'exempt',
  'imds-off': 'IMDS off',
  'aws-managed': 'AWS-managed',
  compliant: 'compliant',
};

/** The controls of `CONTROLS`, as text. */
export const CONTROLS_NOTE = 'Security Hub EC2.8; CIS AWS Foundations Benchmark v5.0.0 5.7 and v3.0.0 5.6';

/** The share of compliant instances, such as `61.9%`; a dash if there are none to judge. */
export function percent(summary: ComplianceSummary): string {
  const value = compliancePercent(summary);
  return value === undefined ? '–' : `${value.toFixed(1)}%`;
}

/** The share of compliant instances, and of how many it is one, such as `61.9% of 1,204`. */
export const percentOf = (summary: ComplianceSummary): string => `${percent(summary)} of ${count(summary.assessed)}`;

/** What an exemption says, in a few words; `''` for none. */
export function exemptionNote(exemption: Exemption): string {
  switch (exemption.kind) {
    case 'none':
      return '';
    case 'active':
      return `until ${exemption.until}${exemption.reason ? `: ${exemption.reason}` : ' (no reason given)'}`;
    case 'expired':
      return `exemption expired ${exemption.until}`;
    case 'malformed':
      return `exemption is not a date: ${JSON.stringify(exemption.value)}`;
    case 'exceeds-maximum':
      return `exemption exceeds the maximum duration: ${exemption.until}`;
  }
}
