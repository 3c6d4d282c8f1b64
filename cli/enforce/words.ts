import { REVIEW_LABELS } from '../../lambda/core/words/outcome.ts';
import type { UnchangedReason } from './plan.ts';

const LABELS: Readonly<Partial<Record<UnchangedReason, string>>> = {
  compliant: 'IMDSv2 already required',
  pending: 'IMDSv2 requested; EC2 has not confirmed it yet',
  exempt: 'valid exemption',
  'imds-off': 'IMDS disabled',
  'aws-managed': 'managed by an AWS service, which alone can modify them',
  unreadable: REVIEW_LABELS.unreadable,
  'exemption-malformed': `${REVIEW_LABELS['exemption-malformed']}: correct or revoke it`,
  'exemption-exceeds-maximum': `${REVIEW_LABELS['exemption-exceeds-maximum']}: correct or revoke it`,
  terminated: 'terminated',
};

/** Why instances are not changed, as text. */
export const unchangedLabel = (reason: UnchangedReason): string => LABELS[reason] ?? reason;

/** Reasons that a person must resolve. */
export const NEEDS_REVIEW: readonly UnchangedReason[] = [
  'unreadable',
  'exemption-malformed',
  'exemption-exceeds-maximum',
];

/** The first items, and how many more there are. */
export function some(items: readonly string[], limit: number): string {
  const more = items.length - limit;
  return more > 0 ? `${items.slice(0, limit).join(', ')} and ${more} more` : items.join(', ');
}
