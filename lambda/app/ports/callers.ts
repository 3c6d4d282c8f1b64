import type { RecordedCall } from '../../core/callers/calls.ts';

/** Reads CloudTrail's event history: management events of 90 days in one region. */
export interface CallHistoryReader {
  /**
   * Returns one page of calls that role sessions with the name of an instance made, newest first.
   *
   * @param token from the previous page; absent for the first page.
   * @throws FailureError
   */
  page(region: string, instanceId: string, token?: string): Promise<CallPage>;
}

/** A page of up to 50 calls. */
export interface CallPage {
  readonly calls: readonly RecordedCall[];
  /** Token of the next page; absent on the last page. */
  readonly next?: string;
}
