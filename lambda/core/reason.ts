import type { FailureKind } from './failure.ts';

/** Why an instance needs no change. */
export type SkipReason = 'terminated' | 'aws-managed' | 'endpoint-disabled' | 'compliant' | 'already-remediated';

/** Why a person must decide about an instance. */
export type ReviewReason =
  | 'unreadable'
  | 'exemption-malformed'
  | 'exemption-exceeds-maximum'
  | 'exemption-expired'
  | 'existing-instance'
  | 'in-use'
  | 'usage-unknown';

/** All tries of a message failed: the next scan sends it again, or it was sent again as often as it may be. */
export type GivenUpReason = 'given-up' | 'given-up-for-good';

/** Why an outcome has its status; the `reason` field of messages and logs. */
export type Reason =
  | SkipReason
  | ReviewReason
  | FailureKind
  | GivenUpReason
  | 'gone'
  | 'recorded'
  | 'imdsv1-enabled'
  | 'exempt'
  | 'exempt-self-granted';
