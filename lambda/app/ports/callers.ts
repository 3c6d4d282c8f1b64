import type { RecordedCall } from '../../core/callers/calls.ts';
import type { RecordedChange } from '../../core/repeated-drift.ts';

/** Reads CloudTrail's event history: management events of 90 days in one region. */
export interface HistoryPages<C> {
  /**
   * Returns one page of calls, newest first.
   *
   * @param subject which calls, as the reader defines it.
   * @param token from the previous page; absent for the first page.
   * @throws FailureError
   */
  page(region: string, subject: string, token?: string): Promise<CallPage<C>>;
}

/** The calls that role sessions with the name of an instance made. The subject is the instance id. */
export type CallHistoryReader = HistoryPages<RecordedCall>;

/** The successful changes of metadata options, by any principal. The subject is the ISO 8601 time since when. */
export type ChangeHistoryReader = HistoryPages<RecordedChange>;

/** Reads the NAT gateways of a region, which calls can come from. */
export interface NatGatewayReader {
  /**
   * Returns the ids of NAT gateways by public address: all of the account, because a transit gateway can lead to that of another VPC.
   *
   * @throws FailureError
   */
  natGateways(region: string): Promise<ReadonlyMap<string, string>>;
}

/** A page of up to 50 calls. */
export interface CallPage<C> {
  readonly calls: readonly C[];
  /** Token of the next page; absent on the last page. */
  readonly next?: string;
}
