import { FAILURE_KINDS } from './failure.ts';

const SKIP_REASONS = ['terminated', 'aws-managed', 'endpoint-disabled', 'compliant', 'already-remediated'] as const;

/** Why an instance needs no change. */
export type SkipReason = (typeof SKIP_REASONS)[number];

const REVIEW_REASONS = [
  'unreadable',
  'exemption-malformed',
  'exemption-exceeds-maximum',
  'exemption-expired',
  'existing-instance',
  'in-use',
  'launch-source-in-use',
  'usage-unknown',
  'sibling-rejected',
] as const;

/** Why a person must decide about an instance. */
export type ReviewReason = (typeof REVIEW_REASONS)[number];

/** Why an outcome has its status; the `reason` field of messages and logs. */
export const REASONS = [
  ...SKIP_REASONS,
  ...REVIEW_REASONS,
  ...FAILURE_KINDS,
  // All tries of a message failed: the next scan sends it again, or it was sent again as often as it may be.
  'given-up',
  'given-up-for-good',
  'gone',
  'recorded',
  'imdsv1-enabled',
  'exempt',
  'exempt-self-granted',
] as const;
export type Reason = (typeof REASONS)[number];
