import { SEVERITIES, type Severity, type Status } from '../contract.ts';
import { type FailureKind, isRetryable } from './failure.ts';
import { isFirstLaunch, type MetadataOptions, type Snapshot } from './instance.ts';
import type { Reason } from './reason.ts';
import type { Target } from './target.ts';

/** The result of evaluating one instance. */
export interface Outcome {
  readonly target: Target;
  readonly status: Status;
  readonly reason: Reason;
  /** When the result was reached. */
  readonly at: Date;
  /** The instance as it was before any change; absent if it could not be read. */
  readonly snapshot?: Snapshot;
  /** Options after a change, as EC2 returned them (`State` is usually `pending`). */
  readonly after?: MetadataOptions;
  /** Seconds from the launch, the drift or the end of an exemption to the remediation. */
  readonly exposedSeconds?: number;
  /** The date of an exemption, a malformed tag, or an error message of EC2. Untrusted input. */
  readonly detail?: string;
}

/** Whether an outcome is a failure that a later attempt may undo. */
export function isRetryableFailure({ status, reason }: Outcome): boolean {
  return status === 'failed' && isRetryable(reason as FailureKind);
}

/** Whether an outcome is a failure that is retried. The last attempt is not. */
export function isRetried(outcome: Outcome): boolean {
  return isRetryableFailure(outcome) && outcome.target.context.delivery !== 'last';
}

/**
 * Severity of an outcome.
 *
 * Drift is a security signal and outranks an insecure launch; a failure that is not retried outranks both. An exemption
 * that came with a launch, that covers drift, or that is wrong when it is set is HIGH. A changed exemption tag is at
 * least MEDIUM: the caller who set it may be its only reviewer, and the caller who removed it expects the instance to
 * be remediated.
 */
export function severityOf(outcome: Outcome): Severity {
  const { status, reason, target } = outcome;
  const { drift, exemptionTag } = target.context.trigger;
  switch (status) {
    case 'failed':
      return isRetried(outcome) ? 'MEDIUM' : 'CRITICAL';
    case 'remediated':
    case 'would-remediate':
      return drift ? 'HIGH' : 'MEDIUM';
    case 'needs-review':
      if (isWrongExemption(reason)) return 'HIGH';
      return reason === 'existing-instance' && exemptionTag !== 'set' ? 'INFORMATIONAL' : 'MEDIUM';
    case 'exempt':
      if (exemptionTag !== undefined) return 'MEDIUM';
      return drift || reason === 'exempt-self-granted' ? 'HIGH' : 'INFORMATIONAL';
    case 'already-remediated':
    case 'skipped':
      return 'INFORMATIONAL';
  }
}

const isWrongExemption = (reason: Reason): boolean =>
  reason === 'exemption-malformed' || reason === 'exemption-exceeds-maximum' || reason === 'exemption-expired';

/** The highest severity of some outcomes; `INFORMATIONAL` if there are none. */
export function worstOf(outcomes: readonly Outcome[]): Severity {
  const severities = new Set(outcomes.map(severityOf));
  return SEVERITIES.findLast((severity) => severities.has(severity)) ?? 'INFORMATIONAL';
}

/**
 * Whether an outcome raises an alert.
 *
 * A failure that is retried raises none; the last attempt does. Where a trail exists, the CloudTrail event of a launch
 * comes before the running-state event, reports the same instance and knows the caller: the later event only alerts on
 * what it changed, may have changed in an earlier delivery, or failed to change. What a scan leaves unchanged is in its
 * digest, and so is an old instance that a harmless change names.
 *
 * @param trail whether a CloudTrail trail delivers events to the bus.
 */
export function isNotified(outcome: Outcome, trail: boolean): boolean {
  const { status, snapshot, target } = outcome;
  const { trigger, delivery } = target.context;
  if (status === 'skipped' || isRetried(outcome)) return false;
  if (trigger.inDigest && (status === 'needs-review' || status === 'exempt' || status === 'would-remediate'))
    return false;
  if (!trigger.backsUpCloudTrail || !trail) return true;
  if (status === 'needs-review' || status === 'would-remediate')
    return snapshot !== undefined && !isFirstLaunch(snapshot, target.context.occurredAt);
  // The event that remediated it was notified, unless that was an earlier delivery of this one.
  if (status === 'already-remediated') return delivery !== 'first';
  return status !== 'exempt';
}
