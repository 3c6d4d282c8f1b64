import type { HealthResult } from '../../core/health.ts';
import type { AccountDefaults } from '../../core/rollback.ts';

/** Reads the account's default metadata options. */
export interface DefaultsReader {
  /**
   * Returns the account's default metadata options of a region.
   *
   * @throws FailureError
   */
  defaults(region: string): Promise<AccountDefaults>;
}

/** Reads the regions of the account and their defaults. */
export interface RegionReader extends DefaultsReader {
  /**
   * Returns every region that is enabled in the account.
   *
   * @throws FailureError
   */
  enabled(): Promise<readonly string[]>;
}

/** Checks the deployment. Never throws: what cannot be read is a result too. */
export interface HealthChecks {
  /** Returns the results of the home region and of every region that forwards its events. */
  all(): Promise<readonly HealthResult[]>;
  /** Returns the results of the home region. */
  home(): Promise<readonly HealthResult[]>;
  /** Returns the results of a region that forwards its events. */
  region(name: string): Promise<readonly HealthResult[]>;
  /** Returns the triggers that have no rule in a region that nothing forwards from. @throws FailureError */
  unmonitored(region: string): Promise<readonly string[]>;
}
