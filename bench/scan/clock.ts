/** A clock that stands still while there is something to do, and then jumps to what comes next. */
export class VirtualClock {
  #now: number;
  #count = 0;
  /** A heap: what is due first is at its top. */
  readonly #due: Task[] = [];

  public constructor(start: Date) {
    this.#now = start.getTime();
  }

  /** Virtual milliseconds since 1970. */
  public now(): number {
    return this.#now;
  }

  /** Runs a task later. */
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

  /** Goes on until nothing is left to come, or until somebody says that it is enough. */
  public async run(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      const next = this.#take();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.run();
      // Nothing here waits for anything but this clock, so that all that follows is done before the next turn.
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

  /** Swaps two if the lower one is due first. */
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
  /** Of two at the same time, the older comes first. */
  readonly number: number;
  readonly run: () => void;
}

const isBefore = (one: Task | undefined, other: Task | undefined): boolean =>
  one !== undefined && (other === undefined || one.at < other.at || (one.at === other.at && one.number < other.number));
