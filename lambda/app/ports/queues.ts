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

/** A message of a queue that was received, and is not deleted yet. */
export interface ReceivedMessage {
  readonly body: string;
  /** Deletes this delivery of the message. */
  readonly receipt: string;
}

/** A queue that the function itself reads, without an event source mapping. */
export interface MessageQueue {
  /**
   * Receives some messages; an empty list if there are none.
   *
   * @throws FailureError
   */
  receive(): Promise<readonly ReceivedMessage[]>;
  /**
   * Deletes messages that were received.
   *
   * @returns the messages that were not deleted, and are delivered again.
   * @throws FailureError if every call failed.
   */
  remove(messages: readonly ReceivedMessage[]): Promise<readonly ReceivedMessage[]>;
  /**
   * Sends messages.
   *
   * @returns the bodies that were not accepted.
   * @throws FailureError if every call failed.
   */
  put(bodies: readonly string[]): Promise<readonly string[]>;
}
