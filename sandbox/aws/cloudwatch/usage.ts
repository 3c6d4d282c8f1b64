/**
 * How software on an instance calls IMDS without a token.
 *
 * While tokens are required, the calls are rejected.
 */
export interface ImdsUse {
  /** Calls are spread evenly over the day. With 0 the instance reports metrics whose values are 0. */
  readonly callsPerDay: number;
  /** When the first call is made. @default the first launch */
  readonly since?: Date;
  /** When the last call is made. @default never */
  readonly lastSeen?: Date;
}

/** The use of IMDS by each instance that reports metrics. */
export class Usage {
  readonly #uses = new Map<string, ImdsUse>();

  /** Gives the instance metrics, from its launch on. */
  public set(instanceId: string, use: ImdsUse): void {
    this.#uses.set(instanceId, use);
  }

  /** @returns `undefined` for an instance without metrics. */
  public get(instanceId: string): ImdsUse | undefined {
    return this.#uses.get(instanceId);
  }

  /** Removes the metrics of the instance. */
  public delete(instanceId: string): void {
    this.#uses.delete(instanceId);
  }

  public instanceIds(): Iterable<string> {
    return this.#uses.keys();
  }
}
