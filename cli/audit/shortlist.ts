/** The first few of many items in sort order, and the number of the others. */
export class Shortlist<T> {
  /** Number of all items. */
  public count = 0;
  #items: T[] = [];

  public constructor(
    private readonly limit: number,
    private readonly compare: (a: T, b: T) => number,
  ) {}

  public add(item: T): void {
    this.count += 1;
    this.#items.push(item);
    if (this.#items.length > 2 * this.limit) this.#cut();
  }

  /** The first items, at most as many as the limit. */
  public get first(): readonly T[] {
    return this.#cut();
  }

  /** Number of items that are not in `first`. */
  public get more(): number {
    return Math.max(0, this.count - this.limit);
  }

  #cut(): readonly T[] {
    return (this.#items = this.#items.sort(this.compare).slice(0, this.limit));
  }
}
