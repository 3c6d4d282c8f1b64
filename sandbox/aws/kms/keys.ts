/** A KMS key. */
export interface Key {
  readonly id: string;
  readonly arn: string;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  /** The JSON of its policy. */
  policy: string;
}

/** The keys of the account. */
export class Keys {
  readonly #byArn = new Map<string, Key>();

  public add(key: Key): void {
    this.#byArn.set(key.arn, key);
  }

  /** A key of a region by id or ARN. */
  public get(region: string, id: string): Key | undefined {
    return [...this.#byArn.values()].find((key) => key.arn.split(':')[3] === region && [key.id, key.arn].includes(id));
  }
}
