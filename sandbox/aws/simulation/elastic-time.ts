/**
 * A clock that waits for the machine. Simulated time is granted in small steps and only while every thread keeps up, so that work
 * that takes long here (a cold start on busy cores, a pause of the garbage collector) does not look like minutes there.
 *
 * All threads read it from shared memory; only the main thread moves it.
 */
export interface SharedTime {
  /** Odd while it is being written. */
  readonly version: Int32Array;
  /** Real milliseconds granted before the last step, when that step was, and whether time moves (1) or stands still (0). */
  readonly values: Float64Array;
}

const VALUES = 3;
const HEADER = 8;

/** Real milliseconds from one step to the next, and how long a step lasts if the next one is late. */
const STEP = 4;
const LONGEST_STEP = 12;
/** A thread that was not heard of for so long is behind; after a while nobody waits for it any more. */
const BEHIND = 20;
const GIVEN_UP = 10_000;
const BEAT = 5;

export const newSharedTime = (): SharedArrayBuffer => new SharedArrayBuffer(HEADER + VALUES * 8);

export const sharedTime = (memory: SharedArrayBuffer): SharedTime => ({
  version: new Int32Array(memory, 0, 1),
  values: new Float64Array(memory, HEADER, VALUES),
});

/** Real milliseconds that were granted up to now. */
export function granted({ version, values }: SharedTime, now: number): number {
  for (;;) {
    const before = Atomics.load(version, 0);
    const [sum = 0, at = 0, moving = 0] = values;
    if (before % 2 === 0 && Atomics.load(version, 0) === before) return sum + lasting(now - at) * moving;
  }
}

const lasting = (ms: number): number => Math.min(Math.max(ms, 0), LONGEST_STEP);

/** Moves a shared time. */
export class Pacemaker {
  readonly #time: SharedTime;
  readonly #now: () => number;
  readonly #beats = new Map<Int32Array, number>();
  readonly #timer: NodeJS.Timeout;

  public constructor(memory: SharedArrayBuffer, now: () => number) {
    this.#time = sharedTime(memory);
    this.#now = now;
    this.#write(0, now(), 1);
    this.#timer = setInterval(() => this.#step(), STEP).unref();
  }

  /** Waits for a thread from now on, until the function returned is called. */
  public watch(beat: SharedArrayBuffer): () => void {
    const view = new Int32Array(beat);
    this.#beats.set(view, this.#now());
    return () => this.#beats.delete(view);
  }

  /** Grants real milliseconds at once that did not pass. */
  public skip(ms: number): void {
    const now = this.#now();
    this.#write(granted(this.#time, now) + ms, now, this.#time.values[2] ?? 1);
  }

  public stop(): void {
    clearInterval(this.#timer);
  }

  #step(): void {
    const now = this.#now();
    let behind = false;
    for (const [view, heard] of this.#beats) {
      const beaten = Atomics.exchange(view, 0, 0) === 1;
      if (beaten) this.#beats.set(view, now);
      else if (now - heard > BEHIND && now - heard < GIVEN_UP) behind = true;
    }
    this.#write(granted(this.#time, now), now, behind ? 0 : 1);
  }

  #write(sum: number, at: number, moving: number): void {
    const { version, values } = this.#time;
    Atomics.add(version, 0, 1);
    values.set([sum, at, moving]);
    Atomics.add(version, 0, 1);
  }
}

/** Shows that this thread keeps up. To be called with the real `setInterval`. */
export function beatOn(memory: SharedArrayBuffer): void {
  const view = new Int32Array(memory);
  setInterval(() => Atomics.store(view, 0, 1), BEAT).unref();
}
