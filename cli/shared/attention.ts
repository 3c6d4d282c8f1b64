import type { Time } from '../../lambda/app/ports.ts';
import { toFailure } from '../../lambda/adapters/failures.ts';
import { explainError } from './errors.ts';
import type { Io } from './io.ts';

/** How long a region may stay silent, in milliseconds: before its first answer, and after it. */
const PATIENCE = { first: 15_000, later: 120_000 };

/**
 * Whether a region answers. `withRetries` tries again for as long as there is time: a region that does not answer must not hold a
 * command up for ever, but one that throttles does answer.
 */
export class Attention {
  readonly #region: string;
  readonly #io: Io;
  #until = 0;
  #answered = false;
  #said = false;

  public constructor(region: string, io: Io) {
    this.#region = region;
    this.#io = io;
  }

  /** Ends `time` as soon as the region has been silent for too long. */
  public within(time: Time): Time {
    this.#wait();
    const until = () => this.#until;
    return {
      now: () => time.now(),
      random: () => time.random(),
      sleep: (milliseconds) => time.sleep(milliseconds),
      get deadline() {
        return new Date(Math.min(time.deadline.getTime(), until()));
      },
    };
  }

  /** Makes one call to the region, and takes note of whether it answers. */
  public async listen<T>(call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call();
      this.#heard();
      return answer;
    } catch (error) {
      const { kind } = toFailure(error);
      if (kind === 'throttled') this.#heard();
      if (kind !== 'unavailable') throw error;
      // A name that DNS does not know is a region that somebody mistyped, unless the region has answered before.
      if (!this.#answered && (error as NodeJS.ErrnoException).code === 'ENOTFOUND') {
        throw new Error(explainError(error), { cause: error });
      }
      if (!this.#said) this.#io.note(`${this.#region} does not answer, and is asked again: ${explainError(error)}`);
      this.#said = true;
      throw error;
    }
  }

  #heard(): void {
    this.#answered = true;
    this.#wait();
  }

  #wait(): void {
    this.#until = this.#io.now().getTime() + (this.#answered ? PATIENCE.later : PATIENCE.first);
  }
}
