import type { HealthResult } from '../../core/health.ts';
import type { ReviewReason } from '../../core/reason.ts';
import type { Outcome } from '../../core/outcome.ts';

/** Writes logs and metrics. Never throws. */
export interface Telemetry {
  /** @param notified whether an event about it is put on the bus of outcomes. */
  outcome(outcome: Outcome, notified: boolean): void;
  /** An event, or a part of one, could not be read. */
  notUnderstood(eventId: string, problem: string): void;
  /** The number of instances that were handed back to the work queue, to be tried again later. */
  handedBack(count: number): void;
  /** An event of another account was skipped. */
  otherAccount(eventId: string, account: string): void;
  /** The scan of a region is complete. */
  scanCompleted(region: string, gauges: Gauges): void;
  /** The results of the health checks. */
  health(results: readonly HealthResult[]): void;
  /** The number of instances whose IMDSv1 calls were rejected after a change. */
  rejected(count: number): void;
  /** An error that the caller has dealt with. */
  warning(text: string, error: unknown): void;
}

/** Compliance of the instances of one region, in numbers of instances. */
export interface Gauges {
  readonly compliant: number;
  /** IMDSv1 is enabled, and no exemption covers it. */
  readonly nonCompliant: number;
  /** The part of `nonCompliant` that is not remediated automatically. */
  readonly needsReview: number;
  readonly exempt: number;
  /** Seconds since the first launch of the oldest `nonCompliant` instance, as far as known; 0 if there is none. */
  readonly oldestNonCompliantSeconds: number;
  /** `needsReview` by reason; absent if IMDSv1 usage was not measured. */
  readonly needsReviewBy?: Readonly<Partial<Record<ReviewReason, number>>>;
  /** Instances with rejected IMDSv1 calls in the last day; absent if that was not measured. */
  readonly rejected?: number;
}
