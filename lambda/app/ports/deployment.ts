import type { AccountDefaults } from '../../core/rollback.ts';

/** Reads the regions of the account and their defaults. */
export interface RegionReader {
  /**
   * Returns every region that is enabled in the account.
   *
   * @throws FailureError
   */
  enabled(): Promise<readonly string[]>;
  /**
   * Returns the account's default metadata options of a region.
   *
   * @throws FailureError
   */
  defaults(region: string): Promise<AccountDefaults>;
}

/** Checks that the rest of the deployment works. Never throws: a check that fails is a problem too. */
export interface HealthChecks {
  /** Returns the problems of the home region, one sentence each. */
  problems(): Promise<readonly string[]>;
  /** Returns the problems of another region: triggers without a rule, and events that did not reach the home region. */
  problemsIn(region: string): Promise<readonly string[]>;
}
