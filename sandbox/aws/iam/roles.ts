import type { Statement } from './policy.ts';

/** A role with its policies. */
export interface Role {
  readonly name: string;
  readonly arn: string;
  /** The JSON of its trust policy. */
  trust: string;
  /** Inline policies by name. The local AWS does not tell attached policies from them. */
  readonly policies: Map<string, readonly Statement[]>;
  /** Whether it was deployed without any policy: the local AWS then allows every action. */
  readonly unlimited: boolean;
}

/** The roles of the account. */
export class Roles {
  readonly #byName = new Map<string, Role>();

  public add(role: Role): void {
    this.#byName.set(role.name, role);
  }

  /** A role by name or ARN. */
  public get(name: string): Role | undefined {
    return this.#byName.get(name.split('/').at(-1) ?? '');
  }

  public delete(role: Role): void {
    this.#byName.delete(role.name);
  }

  /** The statements of a role; `undefined` if it may do everything, or is not known. */
  public statementsOf(name: string): readonly Statement[] | undefined {
    const role = this.get(name);
    return role === undefined || (role.unlimited && role.policies.size === 0)
      ? undefined
      : [...role.policies.values()].flat();
  }
}
