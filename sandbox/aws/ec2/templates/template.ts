import type { Caller } from '../../simulation/callers.ts';
import type { Params } from '../../wire/params.ts';

/** A version of a launch template. It never changes. */
export interface TemplateVersion {
  readonly number: number;
  readonly description?: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Its launch template data, named as in the model of EC2. */
  readonly data: Params;
}

/** What a version is made of. */
export type NewVersion = Omit<TemplateVersion, 'number'>;

/** A launch template. */
export class LaunchTemplate {
  public readonly id: string;
  public readonly name: string;
  public readonly createdAt: number;
  public readonly createdBy: string;
  public readonly operator?: string;
  public readonly tags: ReadonlyMap<string, string>;
  public defaultVersion = 1;
  readonly #versions = new Map<number, TemplateVersion>();
  /** The number of a deleted version is not used again. */
  #lastNumber = 0;

  public constructor(
    template: Pick<LaunchTemplate, 'id' | 'name' | 'operator' | 'tags'>,
    { createdAt, createdBy }: Pick<NewVersion, 'createdAt' | 'createdBy'>,
  ) {
    this.id = template.id;
    this.name = template.name;
    this.operator = template.operator;
    this.tags = template.tags;
    this.createdAt = createdAt;
    this.createdBy = createdBy;
  }

  public add(version: NewVersion): TemplateVersion {
    const added = { ...version, number: ++this.#lastNumber };
    this.#versions.set(added.number, added);
    return added;
  }

  public delete(number: number): boolean {
    return this.#versions.delete(number);
  }

  /** Its versions, newest first, as describe calls return them. */
  public get versions(): readonly TemplateVersion[] {
    return [...this.#versions.values()].reverse();
  }

  public get latestVersion(): number {
    return this.versions[0]?.number ?? 0;
  }

  /** The version that a number, `$Latest`, `$Default` or nothing stands for now. */
  public resolve(version = '$Default'): TemplateVersion | undefined {
    if (version === '$Latest') return this.versions[0];
    return this.#versions.get(version === '$Default' ? this.defaultVersion : Number(version));
  }
}

/** Whose call made something. */
export const by = ({ arn }: Caller, at: number): Pick<NewVersion, 'createdAt' | 'createdBy'> => ({
  createdAt: at,
  createdBy: arn,
});
