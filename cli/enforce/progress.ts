import type { Io } from '../common/io.ts';
import { duration } from '../../lambda/core/words/format.ts';

const WIDTH = 24;

/** The progress line of a run: instances done, speed and time remaining. */
export class Progress {
  readonly #regions: ReadonlyMap<string, { readonly total: number; done: number }>;
  readonly #total: number;
  readonly #startedAt: number;
  #done = 0;

  /**
   * @param work number of instances by Region.
   * @param rate changes per second in a Region, for the estimate before the first changes.
   */
  public constructor(
    work: ReadonlyMap<string, number>,
    private readonly rate: number,
    private readonly io: Io,
  ) {
    this.#regions = new Map([...work].map(([region, total]) => [region, { total, done: 0 }]));
    this.#total = [...work.values()].reduce((sum, count) => sum + count, 0);
    this.#startedAt = io.now().getTime();
    this.#show();
  }

  /** Counts one instance of the Region as done. */
  public step(region: string): void {
    const work = this.#regions.get(region);
    if (work !== undefined) work.done += 1;
    this.#done += 1;
    this.#show();
  }

  /** Milliseconds since the start. */
  public get elapsed(): number {
    return this.io.now().getTime() - this.#startedAt;
  }

  #show(): void {
    const filled = Math.round((this.#done / this.#total) * WIDTH);
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}]`;
    const speed = this.#done > 1 ? `${perSecond(this.#done, this.elapsed)} per second, ` : '';
    this.io.progress(`${bar} ${this.#done} of ${this.#total}, ${speed}${duration(this.#remaining())} left`);
  }

  /** Milliseconds that the slowest Region needs; Regions run in parallel. */
  #remaining(): number {
    const remaining = [...this.#regions.values()].map(
      ({ total, done }) => (total - done) * (done > 1 ? this.elapsed / done : 1000 / this.rate),
    );
    return Math.max(...remaining);
  }
}

/** A count over a time, per second. */
export const perSecond = (count: number, milliseconds: number): string =>
  (count / Math.max(milliseconds / 1000, 0.001)).toFixed(1);
