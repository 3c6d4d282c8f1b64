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

const NO_CALLS: ImdsUse = { callsPerDay: 0 };

/** The use of IMDS by each instance. EC2 reports metrics of every instance, zeros included. */
export class Usage {
  readonly #uses = new Map<string, ImdsUse | undefined>();

  /** Sets how software on an instance calls IMDS; by default it makes no calls without a token. */
  public set(instanceId: string, use: ImdsUse): void {
    this.#uses.set(instanceId, use);
  }

  /** @returns `undefined` for an instance whose metrics were removed. */
  public get(instanceId: string): ImdsUse | undefined {
    return this.#uses.has(instanceId) ? this.#uses.get(instanceId) : NO_CALLS;
  }

  /** Removes the metrics of the instance, as if CloudWatch had lost them. */
  public delete(instanceId: string): void {
    this.#uses.set(instanceId, undefined);
  }
}
