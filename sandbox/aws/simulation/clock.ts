import type { Activity } from './activity.ts';
import { newSharedTime, TimeKeeper } from './shared-time.ts';
import { realNow, simulatedNow, type TimeSetting } from './time.ts';

/** Cancels a scheduled task. */
export type Cancel = () => void;

/** A scheduled task. */
interface Timer {
  /** Simulated milliseconds since 1970. */
  readonly due: number;
  readonly fire: () => void;
  readonly cancel: Cancel;
}

/** Real milliseconds between two checks for due timers, while idle time is skipped. */
const CHECK_EVERY = 4;

/** The simulated clock. Every delay of the local AWS waits for it, so that minutes can pass in seconds. */
export class Clock {
  public readonly setting: TimeSetting;
  readonly #activity: Activity;
  readonly #timers = new Set<Timer>();
  readonly #timeKeeper: TimeKeeper | undefined;
  #idleCheck: NodeJS.Timeout | undefined;

  /**
   * @param scale simulated seconds per real second; 1 is real time.
   * @param pauseWhenOverloaded whether time pauses while the machine is overloaded.
   */
  public constructor(scale: number, activity: Activity, epoch = Date.now(), pauseWhenOverloaded = false) {
    if (!(scale > 0)) throw new Error(`time scale must be greater than 0, not ${scale}`);
    const shared = pauseWhenOverloaded ? newSharedTime() : undefined;
    this.setting = { scale, origin: realNow(), epoch, shared };
    this.#timeKeeper = shared && new TimeKeeper(shared, realNow);
    this.#activity = activity;
  }

  /** Simulated milliseconds since 1970. */
  public now(): number {
    return Math.floor(simulatedNow(this.setting));
  }

  /** The simulated time in ISO 8601. */
  public iso(at = this.now()): string {
    return new Date(at).toISOString();
  }

  /** Real milliseconds that a simulated duration takes. */
  public real(ms: number): number {
    return ms / this.setting.scale;
  }

  /**
   * Runs a task after a simulated duration.
   *
   * With a name it counts as in progress until then (`Activity`).
   */
  public after(ms: number, task: () => void, what?: string): Cancel {
    const end = what === undefined ? undefined : this.#activity.begin(what);
    const due = this.now() + ms;
    const drop = () => {
      clearTimeout(handle);
      this.#timers.delete(timer);
    };
    const fire = () => {
      drop();
      try {
        task();
      } catch (error) {
        this.#activity.fail(error);
      } finally {
        end?.();
      }
    };
    const fireIfDue = () => {
      const remaining = due - this.now();
      if (remaining >= 1 && this.#timeKeeper !== undefined) handle = setTimeout(fireIfDue, this.real(remaining));
      else fire();
    };
    const cancel = () => {
      drop();
      end?.();
    };
    let handle = setTimeout(fireIfDue, this.real(ms));
    const timer = { due, fire, cancel };
    this.#timers.add(timer);
    return cancel;
  }

  /**
   * From now on, advances to the next timer whenever everything in progress waits for the clock.
   *
   * Every task still runs at the simulated time for which it was scheduled. Calls from outside must be counted as work
   * (`Sandbox.work`). Needs a clock that pauses when the machine is overloaded.
   */
  public skipIdleTime(): void {
    const timeKeeper = this.#timeKeeper;
    if (timeKeeper === undefined) throw new Error('only a clock that pauses when overloaded can skip idle time');
    this.#idleCheck ??= setInterval(() => {
      let next = Infinity;
      for (const { due } of this.#timers) next = Math.min(next, due);
      const idle = this.real(next - this.now());
      if (this.#activity.waitsForClock && idle > CHECK_EVERY && idle < Infinity) timeKeeper.skip(idle);
      if (next <= this.now()) this.#fireDue();
    }, CHECK_EVERY);
  }

  /** Resolves after a simulated duration, or never if the clock is stopped before. */
  public sleep(ms: number): Promise<void> {
    return ms > 0 ? new Promise((resolve) => this.after(ms, resolve)) : Promise.resolve();
  }

  /** Pauses time while a thread sends no heartbeats, until the returned function is called. */
  public expectHeartbeats(heartbeat: SharedArrayBuffer): () => void {
    return this.#timeKeeper?.expectHeartbeats(heartbeat) ?? (() => undefined);
  }

  /** Cancels all scheduled tasks. */
  public stop(): void {
    this.#timeKeeper?.stop();
    clearInterval(this.#idleCheck);
    for (const { cancel } of [...this.#timers]) cancel();
  }

  /** Fires timers that became due by skipping: their own real timeouts are late. */
  #fireDue(): void {
    const now = this.now();
    const due = [...this.#timers].filter((timer) => timer.due <= now).sort((a, b) => a.due - b.due);
    // A task may cancel another one.
    for (const timer of due) if (this.#timers.has(timer)) timer.fire();
  }
}
