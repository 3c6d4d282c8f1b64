import type { Image, Launcher, LaunchSpec, Template, TemplateVersion } from '../../core/prevention/inventory.ts';

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Token of the next page; absent on the last page. */
  readonly next?: string;
}

/**
 * Reads one page of a list of a region, as large as AWS allows.
 *
 * @param token from the previous page; absent for the first page.
 * @throws FailureError
 */
export type ReadPage<T> = (region: string, token?: string) => Promise<Page<T>>;

/** Reads what launches instances: each list page by page. */
export interface LaunchSourceReader {
  readonly templates: ReadPage<Template>;
  /** The default and the latest version of every template. */
  readonly currentVersions: ReadPage<TemplateVersion>;
  /**
   * Returns versions of one template by their numbers. A version that does not exist is absent from the result.
   *
   * @throws FailureError
   */
  versions(region: string, templateId: string, numbers: readonly number[]): Promise<readonly TemplateVersion[]>;
  readonly groups: ReadPage<Launcher>;
  readonly launchConfigurations: ReadPage<readonly [name: string, spec: LaunchSpec]>;
  /** EC2 Fleets that may launch instances. */
  readonly fleets: ReadPage<Launcher>;
  /** Spot Fleet requests that may launch instances. */
  readonly spotFleets: ReadPage<Launcher>;
  /** Spot Instance requests that may launch instances. */
  readonly spotRequests: ReadPage<Launcher>;
  /**
   * Returns AMIs by their ids. One that EC2 does not return is absent from the result.
   *
   * @throws FailureError
   */
  images(region: string, ids: readonly string[]): Promise<ReadonlyMap<string, Image>>;
}
