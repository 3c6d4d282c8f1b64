import type { Budget } from '../../lambda/app/budget.ts';
import type { VirtualClock } from '../scan/clock.ts';

/** Virtual milliseconds that a new execution environment needs for its start; Lambda charges for them. */
const COLD_START_MS = 600;

/** An execution environment keeps what a module of the function keeps between invocations. */
export interface Environment {
  budget?: Budget;
}

/** One invocation. What it does after its end has no effect: it never gets that far. */
export class Invocation {
  public over = false;
  public readonly startedAt: number;
  readonly #clock: VirtualClock;

  public constructor(
    clock: VirtualClock,
    public readonly environment: Environment,
  ) {
    this.#clock = clock;
    this.startedAt = clock.now();
  }

  public sleep(ms: number): Promise<void> {
    return new Promise((wake) => {
      this.#clock.after(ms, () => {
        if (!this.over) wake();
      });
    });
  }
}

/** How the function is set up. */
export interface FunctionSettings {
  readonly timeoutSeconds: number;
  /** Environments at the same time: what the quota of the account leaves. */
  readonly concurrency: number;
}

/** A Lambda function: environments that are used again, and invocations that are killed at the timeout. */
export class LambdaFunction {
  public invocations = 0;
  public failed = 0;
  public billedMs = 0;
  public longestMs = 0;
  readonly #clock: VirtualClock;
  readonly #settings: FunctionSettings;
  readonly #idle: Environment[] = [];
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  public constructor(clock: VirtualClock, settings: FunctionSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** @returns what the work came to; `undefined` if it threw or was killed. */
  public async invoke<T>(work: (invocation: Invocation) => Promise<T>): Promise<{ readonly value: T } | undefined> {
    const clock = this.#clock;
    const { timeoutSeconds, concurrency } = this.#settings;
    if (this.#running >= concurrency) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    const startedAt = clock.now();
    let environment = this.#idle.pop();
    if (environment === undefined) {
      environment = {};
      await clock.sleep(COLD_START_MS);
    }
    const invocation = new Invocation(clock, environment);
    let killed = false;
    const result = await new Promise<{ readonly value: T } | undefined>((end) => {
      clock.after(timeoutSeconds * 1000, () => {
        if (invocation.over) return;
        killed = true;
        end(undefined);
      });
      work(invocation).then(
        (value) => end({ value }),
        () => end(undefined),
      );
    });
    invocation.over = true;
    if (!killed) this.#idle.push(environment);
    const took = clock.now() - startedAt;
    this.invocations += 1;
    this.billedMs += took;
    this.longestMs = Math.max(this.longestMs, took);
    if (result === undefined) this.failed += 1;
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
    return result;
  }
}
