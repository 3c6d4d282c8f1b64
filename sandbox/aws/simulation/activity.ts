/** Something is still under way when nobody waits for it any more. */
export class BusyError extends Error {
  public override readonly name = 'BusyError';
}

/** Counts what is under way, so that a test can wait for the end of it instead of sleeping. */
export class Activity {
  readonly #open = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #working = 0;
  #failure: Error | undefined;

  /** Something begins; the function returned ends it (once, however often it is called). */
  public begin(what: string): () => void {
    this.#open.set(what, (this.#open.get(what) ?? 0) + 1);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#end(what);
    };
  }

  /** As `begin`, for what goes on in real time (an invocation, a call) and does not merely wait for the clock. */
  public work(what: string): () => void {
    const end = this.begin(what);
    this.#working++;
    let open = true;
    return () => {
      if (open) this.#working--;
      open = false;
      end();
    };
  }

  /** Whether nothing happens before the clock's next timer. Sure only in a task of its own: promises may still have to go on. */
  public get atRest(): boolean {
    return this.#working === 0;
  }

  /** Counts a promise while it is pending. Its rejection is a defect of the sandbox and fails `idle`. */
  public run(what: string, task: () => Promise<void>): void {
    const end = this.begin(what);
    task()
      .catch((error: unknown) => this.fail(error))
      .finally(end);
  }

  /** Reports a defect: `idle` rejects with the first one. */
  public fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#wake();
  }

  /** What is under way, for people. */
  public describe(): string {
    return [...this.#open].map(([what, count]) => `${count} × ${what}`).join(', ') || 'nothing';
  }

  /**
   * Resolves when nothing is under way.
   *
   * @param limit real milliseconds.
   * @throws BusyError naming what still is under way after the limit.
   */
  public async idle(limit?: number): Promise<void> {
    let late = false;
    const timer = limit === undefined ? undefined : setTimeout(() => ((late = true), this.#wake()), limit);
    try {
      for (;;) {
        // Listens before it looks: what ends in between must not be missed.
        const woken = new Promise<void>((resolve) => this.#waiting.add(resolve));
        if (await this.#quiet()) return;
        if (late) throw new BusyError(`still under way after ${limit ?? 0} ms: ${this.describe()}`);
        await woken;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Nothing under way now, nor after what was already due in the event loop had its turn. */
  async #quiet(): Promise<boolean> {
    for (let turn = 0; turn < 2; turn++) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#open.size > 0) return false;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#open.size === 0;
  }

  #end(what: string): void {
    const left = (this.#open.get(what) ?? 1) - 1;
    if (left > 0) this.#open.set(what, left);
    else this.#open.delete(what);
    if (this.#open.size === 0) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
