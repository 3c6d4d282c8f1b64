/** Thrown when activity is still in progress at the end of a wait. */
export class BusyError extends Error {
  public override readonly name = 'BusyError';
}

/** Counts what is in progress, so that a test can wait until nothing is instead of sleeping. */
export class Activity {
  readonly #inProgress = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #working = 0;
  #failure: Error | undefined;

  /** Begins an activity. The returned function ends it; calling it again has no effect. */
  public begin(what: string): () => void {
    this.#inProgress.set(what, (this.#inProgress.get(what) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#end(what);
    };
  }

  /** Like `begin`, for work in real time (an invocation, a call), as opposed to waiting for the clock. */
  public beginWork(what: string): () => void {
    const end = this.begin(what);
    this.#working++;
    let ended = false;
    return () => {
      if (!ended) this.#working--;
      ended = true;
      end();
    };
  }

  /**
   * Whether everything in progress waits for the clock.
   *
   * Reliable only in a macrotask: promises may not have settled yet.
   */
  public get waitsForClock(): boolean {
    return this.#working === 0;
  }

  /** Counts a promise while it is pending. A rejection is a defect of the sandbox and fails `idle`. */
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

  /** A text that lists what is in progress. */
  public describe(): string {
    return [...this.#inProgress].map(([what, count]) => `${count} × ${what}`).join(', ') || 'nothing';
  }

  /**
   * Resolves when nothing is in progress.
   *
   * @param limit real milliseconds.
   * @throws BusyError that lists what is still in progress after the limit.
   */
  public async idle(limit?: number): Promise<void> {
    let late = false;
    const timer = limit === undefined ? undefined : setTimeout(() => ((late = true), this.#wake()), limit);
    try {
      for (;;) {
        // Registered before the check, so that an activity that ends in between is not missed.
        const woken = new Promise<void>((resolve) => this.#waiting.add(resolve));
        if (await this.#isIdle()) return;
        if (late) throw new BusyError(`still in progress after ${limit ?? 0} ms: ${this.describe()}`);
        await woken;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether nothing is in progress, now and after the callbacks that the event loop has already queued. */
  async #isIdle(): Promise<boolean> {
    for (let turn = 0; turn < 2; turn++) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#inProgress.size > 0) return false;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#inProgress.size === 0;
  }

  #end(what: string): void {
    const remaining = (this.#inProgress.get(what) ?? 1) - 1;
    if (remaining > 0) this.#inProgress.set(what, remaining);
    else this.#inProgress.delete(what);
    if (this.#inProgress.size === 0) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
