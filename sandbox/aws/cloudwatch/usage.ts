/** How the software on an instance uses IMDS without a token. While tokens are required, the same calls are refused. */
export interface ImdsUse {
  /** Spread evenly over the day; 0 is an instance that reports metrics and makes no such call. */
  readonly callsPerDay: number;
  /** When it began. @default the first launch */
  readonly since?: Date;
  /** The last call. @default it goes on */
  readonly lastSeen?: Date;
}

/** Who calls IMDS without a token: what CloudWatch has metrics about. */
export class Usage {
  readonly #uses = new Map<string, ImdsUse>();

  /** From now on the instance has metrics, and has had them since its launch. */
  public set(instanceId: string, use: ImdsUse): void {
    this.#uses.set(instanceId, use);
  }

  /** @returns nothing for an instance without metrics. */
  public get(instanceId: string): ImdsUse | undefined {
    return this.#uses.get(instanceId);
  }

  /** The instance has no metrics any more. */
  public delete(instanceId: string): void {
    this.#uses.delete(instanceId);
  }

  public instanceIds(): Iterable<string> {
    return this.#uses.keys();
  }
}
