import type { MetadataOptions, Snapshot } from '../../core/instance.ts';
import type { AccountDefaults } from '../../core/rollback.ts';
import type { Lookup } from '../../core/target.ts';

/** Reads instances. */
export interface InstanceReader {
  /**
   * Describes instances by id, in no particular order. An id that EC2 does not return is absent from the result.
   *
   * @throws FailureError
   */
  describe(region: string, instanceIds: readonly string[]): Promise<readonly Snapshot[]>;
  /**
   * Finds the instances of a launch whose ids are not known, by client token or else by launch time.
   *
   * @throws FailureError
   */
  find(lookup: Lookup): Promise<readonly Snapshot[]>;
}

/** A filter of DescribeInstances: an instance passes if it matches any of the values. */
export interface Filter {
  /** As EC2 names it, such as `metadata-options.http-tokens`. */
  readonly name: string;
  readonly values: readonly string[];
}

/** Lists the instances of a region. */
export interface FleetReader {
  /**
   * Returns one page of the instances that pass all filters, service-managed instances included.
   *
   * @param token from the previous page; absent for the first page.
   * @throws FailureError
   */
  page(region: string, filters: readonly Filter[], token?: string): Promise<FleetPage>;
}

/** A page of instances. */
export interface FleetPage {
  readonly snapshots: readonly Snapshot[];
  /** Token of the next page; absent on the last page. */
  readonly next?: string;
}

/** Requires IMDSv2 on instances. */
export interface InstanceWriter {
  /**
   * Sets `HttpTokens` to `required` and changes nothing else.
   *
   * @returns the options as EC2 reports them; `State` is usually `pending`.
   * @throws FailureError
   */
  requireTokens(region: string, instanceId: string): Promise<MetadataOptions>;
}

/** Requires IMDSv2 and raises the hop limit, for containers that are more than one hop away from IMDS. */
export interface HopLimitWriter extends InstanceWriter {
  /**
   * Does what `requireTokens` does and sets the hop limit in the same call.
   *
   * @throws FailureError
   */
  requireTokensWithin(region: string, instanceId: string, hopLimit: number): Promise<MetadataOptions>;
}

/** Allows IMDSv1 again. Only the command line has one; no deployed function does. */
export interface RollbackWriter {
  /**
   * Checks by a dry run whether EC2 would accept `allow`.
   *
   * @throws FailureError if it would not.
   */
  checkAllowed(region: string, instanceId: string): Promise<void>;
  /**
   * Sets `HttpTokens` to `optional` and changes nothing else.
   *
   * @returns the options as EC2 reports them.
   * @throws FailureError
   */
  allow(region: string, instanceId: string): Promise<MetadataOptions>;
  /** @throws FailureError */
  defaults(region: string): Promise<AccountDefaults>;
}

/** Writes and removes exemption tags. */
export interface ExemptionWriter {
  /**
   * Sets the tags of an exemption in one call, on all of the instances or on none.
   *
   * @param until the last day of the exemption, as `YYYY-MM-DD`.
   * @throws FailureError
   */
  grant(region: string, instanceIds: readonly string[], until: string, reason: string): Promise<void>;
  /** @throws FailureError */
  revoke(region: string, instanceIds: readonly string[]): Promise<void>;
}

/** Asks EC2, by dry runs, what the caller is allowed to do. */
export interface PermissionProbe {
  /** Asks whether `HttpTokens` may be set to a value. Never throws: an error of EC2 is an answer. */
  dryRun(region: string, instanceId: string, httpTokens: 'required' | 'optional'): Promise<ProbeAnswer>;
}

/** EC2's answer to a dry run. */
export interface ProbeAnswer {
  /** `unclear`: EC2 answered with neither permission nor denial. */
  readonly verdict: 'allowed' | 'denied' | 'unclear';
  /** EC2's message, sanitized. */
  readonly message: string;
}
