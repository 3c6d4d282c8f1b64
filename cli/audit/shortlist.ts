/** The first few of many items in sort order, and the number of the others. */
export class Shortlist<T> {
  readonly #limit: number;
  readonly #compare: (a: T, b: T) => number;
  #items: T[] = [];
  #count = 0;

  public constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit;
    this.#compare = compare;
  }

  public add(item: T): void {
    this.#count += 1;
    this.#items.push(item);
    if (this.#items.length > 2 * this.#limit) this.#cut();
  }

  /** The first items, at most as many as the limit. */
  public get first(): readonly T[] {
    this.#cut();
    return this.#items;
  }

  /** Number of items that are not in `first`. */
  public get more(): number {
    return this.#count - this.first.length;
  }

  #cut(): void {
    this.#items = this.#items.sort(this.#compare).slice(0, this.#limit);
  }
}
