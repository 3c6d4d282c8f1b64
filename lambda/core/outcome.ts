import { SEVERITIES, type Severity, type Status } from '../contract.ts';
import { FAILURE_KINDS, isRetryable } from './failure.ts';
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
  /** Drift that has waited for longer than it should: notified, although it is retried. */
  readonly isWaiting?: boolean;
  /** The date of an exemption, a malformed tag, or an error message of EC2. Untrusted input. */
  readonly detail?: string;
}

/** Whether an outcome is a failure that is retried. */
export function isRetried({ status, reason }: Outcome): boolean {
  return status === 'failed' && FAILURE_KINDS.some((kind) => kind === reason && isRetryable(kind));
}

/**
 * Severity of an outcome.
 *
 * Drift is a security signal and outranks an insecure launch; a failure that is not retried outranks both. Drift that
 * could not be reverted yet is as urgent as drift that was. An exemption
 * that came with a launch, that covers drift, or that is wrong when it is set is HIGH. A changed exemption tag is at
 * least MEDIUM: the caller who set it may be its only reviewer, and the caller who removed it expects the instance to
 * be remediated.
 */
export function severityOf(outcome: Outcome): Severity {
  const { status, reason, target } = outcome;
  const { drift, exemptionTag } = target.context.trigger;
  switch (status) {
    case 'failed':
      if (!isRetried(outcome)) return 'CRITICAL';
      return drift ? 'HIGH' : 'MEDIUM';
    case 'remediated':
    case 'would-remediate':
      return drift ? 'HIGH' : 'MEDIUM';
    case 'needs-review':
      if (isWrongExemption(reason) || reason === 'launch-source-in-use') return 'HIGH';
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
 * A failure that is retried raises none, except once for drift that has to wait. Where a trail exists, the CloudTrail
 * event of a launch usually comes before the running-state event, reports the same instance and knows the caller; but
 * it may be lost, so the later event alerts, too, and the notifier leaves out what it has notified before. What a scan
 * leaves unchanged is in its digest, and so is an old instance that a harmless change names.
 *
 * @param trail whether a CloudTrail trail delivers events to the bus.
 */
export function isNotified(outcome: Outcome, trail: boolean): boolean {
  const { status, snapshot, target } = outcome;
  const { trigger, delivery } = target.context;
  if (status === 'skipped') return false;
  if (isRetried(outcome)) return outcome.isWaiting === true;
  if (trigger.inDigest && (status === 'needs-review' || status === 'exempt' || status === 'would-remediate'))
    return false;
  if (!trigger.backsUpCloudTrail || !trail) return true;
  // The event that remediated it was notified, unless that was an earlier delivery of this one.
  if (status === 'already-remediated') return delivery !== 'first';
  // An exempt instance is notified at its launch, not whenever it starts.
  return status !== 'exempt' || (snapshot !== undefined && isFirstLaunch(snapshot, target.context.occurredAt));
}
