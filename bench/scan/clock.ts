/** A clock that advances only between tasks: to the time of the next one. */
export class VirtualClock {
  #now: number;
  #count = 0;
  /** A heap with the earliest task at the top. */
  readonly #due: Task[] = [];

  public constructor(start: Date) {
    this.#now = start.getTime();
  }

  /** Virtual milliseconds since 1970. */
  public now(): number {
    return this.#now;
  }

  /** Runs a task after a virtual duration. */
  public after(ms: number, run: () => void): void {
    const due = this.#due;
    let place = due.push({ at: this.#now + ms, number: (this.#count += 1), run }) - 1;
    while (place > 0) {
      const above = Math.floor((place - 1) / 2);
      if (!this.#swap(above, place)) return;
      place = above;
    }
  }

  public sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.after(ms, wake));
  }

  /** Runs tasks until none remains or `isDone` returns true. */
  public async run(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const next = this.#take();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.run();
      // Everything waits for this clock only, so that all consequences of the task happen before the next macrotask.
      await new Promise(setImmediate);
    }
  }

  #take(): Task | undefined {
    const due = this.#due;
    const [first] = due;
    const last = due.pop();
    if (last === undefined || last === first) return first;
    due[0] = last;
    let place = 0;
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const lower = isBefore(due[right], due[left]) ? right : left;
      if (!this.#swap(place, lower)) return first;
      place = lower;
    }
  }

  /** Swaps two tasks if the lower one is due first. @returns whether it did. */
  #swap(upper: number, lower: number): boolean {
    const [above, below] = [this.#due[upper], this.#due[lower]];
    if (above === undefined || below === undefined || !isBefore(below, above)) return false;
    this.#due[upper] = below;
    this.#due[lower] = above;
    return true;
  }
}

interface Task {
  readonly at: number;
  /** Orders tasks that are due at the same time. */
  readonly number: number;
  readonly run: () => void;
}

const isBefore = (one: Task | undefined, other: Task | undefined): boolean =>
  one !== undefined && (other === undefined || one.at < other.at || (one.at === other.at && one.number < other.number));
