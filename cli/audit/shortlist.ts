/** The first few of many things in some order, and how many there were. */
export class Shortlist<T> {
  readonly #limit: number;
  readonly #compare: (a: T, b: T) => number;
  #kept: T[] = [];
  #count = 0;

  public constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  public add(thing: T): void {
    this.#count += 1;
    this.#kept.push(thing);
    if (this.#kept.length > 2 * this.#limit) this.#cut();
  }

  /** At most as many as the limit says. */
  public get first(): readonly T[] {
    this.#cut();
    return this.#kept;
  }

  /** How many are not in `first`. */
  public get more(): number {
    return this.#count - this.first.length;
  }

  #cut(): void {
    this.#kept = this.#kept.sort(this.#compare).slice(0, this.#limit);
  }
}
