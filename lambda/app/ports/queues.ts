import type { Finding } from '../../triggers/finding.ts';
import type { PostChangeCheck } from '../../triggers/post-change-check.ts';
import type { ScanStep } from '../../triggers/scan.ts';

/** Sends work to a later invocation of the function. */
export interface WorkQueue {
  /**
   * Sends recorded findings.
   *
   * @param delaySeconds until they are delivered, for all of them or for each; 0 to 900, default 0.
   * @throws FailureError if any of them was not accepted.
   */
  putFindings(findings: readonly Finding[], delaySeconds?: number | readonly number[]): Promise<void>;
  /**
   * Sends events of the bus to be handled again.
   *
   * @param delaySeconds until they are delivered, for all of them or for each; 0 to 900.
   * @throws FailureError if any of them was not accepted.
   */
  putEvents(events: readonly object[], delaySeconds: number | readonly number[]): Promise<void>;
  /**
   * Sends post-change checks to a queue of their own, which delivers them after 15 minutes.
   *
   * @throws FailureError if any of them was not accepted.
   */
  putChecks(checks: readonly PostChangeCheck[]): Promise<void>;
}

/** Sends the steps of scans. The steps of one region are delivered in order. */
export interface ScanQueue {
  /** @throws FailureError if any of them was not accepted. */
  put(steps: readonly ScanStep[]): Promise<void>;
}
