/**
 * Time in memory that threads share, and that pauses while the machine is overloaded.
 *
 * Time advances in small steps, and only while every thread sends heartbeats. Otherwise work that is slow on a busy machine (a
 * cold start, a garbage collection) would look like minutes of simulated time. Only the main thread writes it.
 */
export interface SharedTime {
  /** Odd while the values are being written. */
  readonly version: Int32Array;
  /** Milliseconds elapsed before the last step, its time, and 1 if time advances or 0 if paused. */
  readonly values: Float64Array;
}

const VALUES = 3;
const HEADER = 8;

/** Real milliseconds between steps, and the most that one step advances if the next one is late. */
const STEP = 4;
const LONGEST_STEP = 12;
/** Real milliseconds without heartbeat after which time pauses, and after which the thread is ignored. */
const OVERDUE = 20;
const IGNORED = 10_000;
const HEARTBEAT_EVERY = 5;

export const newSharedTime = (): SharedArrayBuffer => new SharedArrayBuffer(HEADER + VALUES * 8);

export const sharedTime = (memory: SharedArrayBuffer): SharedTime => ({
  version: new Int32Array(memory, 0, 1),
  values: new Float64Array(memory, HEADER, VALUES),
});

/** Real milliseconds that count as elapsed: without the pauses. */
export function elapsed({ version, values }: SharedTime, now: number): number {
  for (;;) {
    const before = Atomics.load(version, 0);
    const [sum = 0, at = 0, advances = 0] = values;
    if (before % 2 === 0 && Atomics.load(version, 0) === before) return sum + stepOf(now - at) * advances;
  }
}

const stepOf = (ms: number): number => Math.min(Math.max(ms, 0), LONGEST_STEP);

/** Advances a shared time. */
export class TimeKeeper {
  readonly #time: SharedTime;
  readonly #now: () => number;
  /** When each thread sent its last heartbeat. */
  readonly #heartbeats = new Map<Int32Array, number>();
  readonly #timer: NodeJS.Timeout;

  public constructor(memory: SharedArrayBuffer, now: () => number) {
    this.#time = sharedTime(memory);
    this.#now = now;
    this.#write(0, now(), 1);
    this.#timer = setInterval(() => this.#step(), STEP).unref();
  }

  /** Pauses time while a thread sends no heartbeats, until the returned function is called. */
  public expectHeartbeats(heartbeat: SharedArrayBuffer): () => void {
    const view = new Int32Array(heartbeat);
    this.#heartbeats.set(view, this.#now());
    return () => this.#heartbeats.delete(view);
  }

  /** Advances by real milliseconds that did not pass. */
  public skip(ms: number): void {
    const now = this.#now();
    this.#write(elapsed(this.#time, now) + ms, now, this.#time.values[2] ?? 1);
  }

  public stop(): void {
    clearInterval(this.#timer);
  }

  #step(): void {
    const now = this.#now();
    let isOverloaded = false;
    for (const [view, lastAt] of this.#heartbeats) {
      const received = Atomics.exchange(view, 0, 0) === 1;
      if (received) this.#heartbeats.set(view, now);
      else if (now - lastAt > OVERDUE && now - lastAt < IGNORED) isOverloaded = true;
    }
    this.#write(elapsed(this.#time, now), now, isOverloaded ? 0 : 1);
  }

  #write(sum: number, at: number, advances: number): void {
    const { version, values } = this.#time;
    Atomics.add(version, 0, 1);
    values.set([sum, at, advances]);
    Atomics.add(version, 0, 1);
  }
}

/** Sends heartbeats of the current thread. Must be called before `setInterval` is replaced. */
export function sendHeartbeats(memory: SharedArrayBuffer): void {
  const view = new Int32Array(memory);
  setInterval(() => Atomics.store(view, 0, 1), HEARTBEAT_EVERY).unref();
}
