import type { Io } from '../shared/io.ts';
import { span } from './words.ts';

const WIDTH = 24;

/** The progress line of a change at a pace: how far, how fast, how much longer. */
export class Progress {
  readonly #io: Io;
  readonly #rate: number;
  readonly #regions: ReadonlyMap<string, { readonly total: number; done: number }>;
  readonly #total: number;
  readonly #began: number;
  #done = 0;

  /**
   * @param work how many instances there are in each region.
   * @param rate changes per second in a region, until there are some to measure.
   */
  public constructor(work: ReadonlyMap<string, number>, rate: number, io: Io) {
    this.#io = io;
    this.#rate = rate;
    this.#regions = new Map([...work].map(([region, total]) => [region, { total, done: 0 }]));
    this.#total = [...work.values()].reduce((sum, count) => sum + count, 0);
    this.#began = io.now().getTime();
    this.#show();
  }

  /** One instance of the region is done with. */
  public step(region: string): void {
    const work = this.#regions.get(region);
    if (work !== undefined) work.done += 1;
    this.#done += 1;
    this.#show();
  }

  /** Milliseconds since the beginning. */
  public get elapsed(): number {
    return this.#io.now().getTime() - this.#began;
  }

  #show(): void {
    const filled = Math.round((this.#done / this.#total) * WIDTH);
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}]`;
    const speed = this.#done > 1 ? `${perSecond(this.#done, this.elapsed)} per second, ` : '';
    this.#io.progress(`${bar} ${this.#done} of ${this.#total}, ${speed}${span(this.#left())} left`);
  }

  /** Regions are worked on side by side: the longest one decides. */
  #left(): number {
    const left = [...this.#regions.values()].map(({ total, done }) => {
      const each = done > 1 ? this.elapsed / done : 1000 / this.#rate;
      return (total - done) * each;
    });
    return Math.max(...left);
  }
}

/** So many in so many milliseconds, as a speed. */
export const perSecond = (count: number, milliseconds: number): string =>
  (count / Math.max(milliseconds / 1000, 0.001)).toFixed(1);
