import { SEVERITIES, type Severity, type Status } from '../contract.ts';
import { type FailureKind, isRetryable } from './failure.ts';
import { isFirstLaunch, type MetadataOptions, type Snapshot } from './instance.ts';
import type { ReviewReason, SkipReason } from './decide.ts';
import type { Target } from './target.ts';

/** What became of one instance. */
export interface Outcome {
  readonly target: Target;
  readonly status: Status;
  readonly reason: Reason;
  /** When it was settled. */
  readonly at: Date;
  /** What was read before; absent if the instance could not be read. */
  readonly snapshot?: Snapshot;
  /** Options after a change, as EC2 answered (`State` is usually `pending`). */
  readonly after?: MetadataOptions;
  /** How long IMDSv1 was reachable, from the launch, the set-back or the end of an exemption until the change. */
  readonly exposedSeconds?: number;
  /** The value that a reason is about: an exemption's date, a malformed tag, what EC2 said. Written by strangers. */
  readonly detail?: string;
}

export type Reason =
  SkipReason | ReviewReason | FailureKind | 'gone' | 'recorded' | 'imdsv1-enabled' | 'exempt' | 'exempt-self-granted';

/** Whether an outcome is a failure that a later try may undo. */
export function isRetried({ status, reason }: Outcome): boolean {
  return status === 'failed' && isRetryable(reason as FailureKind);
}

/**
 * How much an outcome matters. Somebody allowing IMDSv1 again is a security signal and outranks an insecure launch; what we
 * could not do and will not try again outranks both. Whoever sets the exemption tag may have been the only one to look at it,
 * and whoever removes it believes that the instance is closed: so what stays open after that is worth a warning.
 */
export function severityOf(outcome: Outcome): Severity {
  const { status, reason, target } = outcome;
  const { trigger } = target.context;
  switch (status) {
    case 'failed':
      return isRetried(outcome) ? 'MEDIUM' : 'CRITICAL';
    case 'remediated':
    case 'would-remediate':
      return trigger === 'drift' ? 'HIGH' : 'MEDIUM';
    case 'needs-review':
      return reason === 'existing-instance' && trigger !== 'grant' ? 'INFORMATIONAL' : 'MEDIUM';
    case 'exempt':
      return reason === 'exempt-self-granted' || trigger === 'grant' || trigger === 'revoke'
        ? 'MEDIUM'
        : 'INFORMATIONAL';
    case 'already-remediated':
    case 'skipped':
      return 'INFORMATIONAL';
  }
}

/** The worst severity of some outcomes; `info` for none. */
export function worstOf(outcomes: readonly Outcome[]): Severity {
  const severities = new Set(outcomes.map(severityOf));
  return SEVERITIES.findLast((severity) => severities.has(severity)) ?? 'INFORMATIONAL';
}

/**
 * Whether people are told.
 *
 * An id that EC2 does not show yet is not known to be open, so it is only tried again. A running-state event of a new
 * instance comes after the CloudTrail record of its launch, which told what there was to tell and knows the caller: it only
 * tells what it changed or failed at, unless no trail feeds the bus. What a scan left alone is in its digest.
 */
export function isNotified({ status, reason, snapshot, target }: Outcome, trail: boolean): boolean {
  if (status === 'skipped' || reason === 'not-visible' || reason === 'not-ready') return false;
  const { trigger } = target.context;
  if (trigger === 'scan' && (status === 'needs-review' || status === 'exempt')) return false;
  if (trigger !== 'running' || !trail) return true;
  if (status === 'needs-review' || status === 'would-remediate')
    return snapshot !== undefined && !isFirstLaunch(snapshot);
  return status !== 'exempt';
}
