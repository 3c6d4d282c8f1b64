import type { MetadataOptions } from '../../core/instance.ts';
import type { TemplateReference } from '../../core/prevention/inventory.ts';

/** A version of a launch template, with all of its data in a form that can be compared. */
export interface TemplateContent {
  readonly version: number;
  readonly description?: string;
  readonly options: MetadataOptions;
  /** Equal for two versions if and only if they differ in metadata options alone. */
  readonly rest: string;
}

/** A version to create. */
export interface NewTemplateVersion {
  /** The version whose data it has. */
  readonly source: number;
  /** All of its metadata options, if they differ from those of the source: AWS inherits them as a whole. */
  readonly options?: MetadataOptions;
  readonly description: string;
  /** Equal for a repeated call, which then creates nothing. */
  readonly token: string;
}

/** Changes launch templates. Only the command line has one; no deployed function does. */
export interface TemplateWriter {
  /**
   * Returns every version of a template, in order.
   *
   * @throws FailureError
   */
  contents(region: string, templateId: string): Promise<readonly TemplateContent[]>;
  /**
   * Creates a version, which becomes `$Latest` at once.
   *
   * @returns its number.
   * @throws FailureError
   */
  create(region: string, templateId: string, version: NewTemplateVersion): Promise<number>;
  /** @throws FailureError */
  setDefault(region: string, templateId: string, version: number): Promise<void>;
}

/** Changes Auto Scaling groups. Only the command line has one; no deployed function does. */
export interface GroupWriter {
  /**
   * Changes the version in references of a group, wherever they stand, and nothing else of it.
   *
   * @param versionFor the version that takes the place of the one in a reference; `undefined` leaves it.
   * @returns the number of references that were changed.
   * @throws FailureError
   */
  move(
    region: string,
    group: string,
    versionFor: (reference: TemplateReference) => string | undefined,
  ): Promise<number>;
}

/** Account defaults to set; what is absent stays as it is. */
export interface DefaultsChange {
  readonly HttpTokens?: 'required';
  readonly HttpTokensEnforced?: 'enabled';
}

/** Changes the account defaults of a region. Only the command line has one; no deployed function does. */
export interface DefaultsWriter {
  /** @throws FailureError */
  modify(region: string, change: DefaultsChange): Promise<void>;
}

/** Reads which Auto Scaling groups cannot launch, because the record of a refused launch does not name the group. */
export interface RefusedGroupReader {
  /**
   * Returns the names of groups whose launches EC2 refused since a time because they would have had IMDSv1 enabled.
   *
   * @throws FailureError
   */
  since(region: string, time: Date): Promise<readonly string[]>;
}
