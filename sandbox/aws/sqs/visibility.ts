import type { Cancel, Clock } from '../simulation/clock.ts';
import type { Message } from './message.ts';

/** Which messages of a queue can be received now, and the consumers that wait for one. */
export class Visibility {
  readonly #clock: Clock;
  readonly #visible = new Set<Message>();
  /** Cancels the timer that makes a hidden message visible, by message id. */
  readonly #timers = new Map<string, Cancel>();
  readonly #listeners = new Set<() => void>();

  public constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Visible messages, in the order in which they became visible. */
  public get messages(): ReadonlySet<Message> {
    return this.#visible;
  }

  /** Hides a message for a simulated duration; 0 makes it visible at once. */
  public hide(message: Message, ms: number): void {
    this.#timers.get(message.id)?.();
    this.#visible.delete(message);
    message.visibleAt = this.#clock.now() + Math.max(ms, 0);
    const show = () => {
      this.#timers.delete(message.id);
      this.#visible.add(message);
      this.notify();
    };
    if (ms > 0) this.#timers.set(message.id, this.#clock.after(ms, show));
    else show();
  }

  /** Forgets a message that was deleted from the queue. */
  public remove(message: Message): void {
    this.#visible.delete(message);
    this.#timers.get(message.id)?.();
    this.#timers.delete(message.id);
  }

  /** Calls a listener whenever a message may have become receivable. */
  public listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Ends `listen`. */
  public unlisten(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** Calls all listeners. */
  public notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves when a message may be receivable, or after a simulated duration. */
  public async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        this.#listeners.delete(done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      this.#listeners.add(done);
    });
  }
}
