import type { Time } from '../../lambda/app/ports/index.ts';
import { toFailure } from '../../lambda/adapters/failures.ts';
import { explainError } from './errors.ts';
import type { Io } from './io.ts';

/** Milliseconds that a Region may go without a response: before its first response, and after it. */
const TIMEOUT = { first: 15_000, later: 120_000 };

/**
 * Ends the retries on a Region that does not respond.
 *
 * `withRetries` retries until the deadline, and a command has none. A throttling error is a response, so throttled calls are
 * retried for as long as it takes.
 */
export class RegionTimeout {
  #until = 0;
  #responded = false;
  #reported = false;

  public constructor(
    private readonly region: string,
    private readonly io: Io,
  ) {}

  /** The clock with a deadline that moves on with each response of the Region. */
  public limit(time: Time): Time {
    this.#extend();
    const until = () => this.#until;
    return {
      ...time,
      get deadline() {
        return new Date(Math.min(time.deadline.getTime(), until()));
      },
    };
  }

  /** Makes one call to the Region and records whether it responds. */
  public async observe<T>(call: () => Promise<T>): Promise<T> {
    try {
      const response = await call();
      this.#recordResponse();
      return response;
    } catch (error) {
      const { kind } = toFailure(error);
      if (kind === 'throttled') this.#recordResponse();
      if (kind !== 'unavailable') throw error;
      // A name that DNS does not know is a mistyped Region, unless the Region has responded before.
      if (!this.#responded && (error as NodeJS.ErrnoException).code === 'ENOTFOUND') {
        throw new Error(explainError(error), { cause: error });
      }
      if (!this.#reported) this.io.note(`${this.region} does not respond; retrying: ${explainError(error)}`);
      this.#reported = true;
      throw error;
    }
  }

  #recordResponse(): void {
    this.#responded = true;
    this.#extend();
  }

  #extend(): void {
    this.#until = this.io.now().getTime() + (this.#responded ? TIMEOUT.later : TIMEOUT.first);
  }
}
