import type { Activity } from './activity.ts';
import { newSharedTime, Pacemaker } from './elastic-time.ts';
import { realNow, simulatedNow, type TimeSetting } from './time.ts';

/** Cancels what was scheduled. */
export type Cancel = () => void;

/** Something scheduled. */
interface Timer {
  /** Simulated milliseconds since 1970. */
  readonly due: number;
  readonly fire: () => void;
  readonly cancel: Cancel;
}

/** Real milliseconds from one look at what is due to the next, while idle time is skipped. */
const LOOK = 4;

/** The time of the local AWS. Everything that waits on AWS's behalf waits here, so that minutes can pass in seconds. */
export class Clock {
  public readonly setting: TimeSetting;
  readonly #activity: Activity;
  readonly #timers = new Set<Timer>();
  readonly #pacemaker: Pacemaker | undefined;
  #look: NodeJS.Timeout | undefined;

  /**
   * @param scale simulated seconds per real second; 1 is real time.
   * @param patient whether it stands still while the machine cannot keep up.
   */
  public constructor(scale: number, activity: Activity, epoch = Date.now(), patient = false) {
    if (!(scale > 0)) throw new Error(`time scale must be greater than 0, not ${scale}`);
    const shared = patient ? newSharedTime() : undefined;
    this.setting = { scale, origin: realNow(), epoch, shared };
    this.#pacemaker = shared && new Pacemaker(shared, realNow);
    this.#activity = activity;
  }

  /** Simulated milliseconds since 1970. */
  public now(): number {
    return Math.floor(simulatedNow(this.setting));
  }

  /** The simulated time as AWS writes it. */
  public iso(at = this.now()): string {
    return new Date(at).toISOString();
  }

  /** Real milliseconds that a simulated duration takes. */
  public real(ms: number): number {
    return ms / this.setting.scale;
  }

  /** Runs a task later. It counts as under way (`Activity`) if it is named. */
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
    const ring = () => {
      const early = due - this.now();
      if (early >= 1 && this.#pacemaker !== undefined) handle = setTimeout(ring, this.real(early));
      else fire();
    };
    const cancel = () => {
      drop();
      end?.();
    };
    let handle = setTimeout(ring, this.real(ms));
    const timer = { due, fire, cancel };
    this.#timers.add(timer);
    return cancel;
  }

  /**
   * Skips the time in which nothing happens: whenever nothing is at work, the clock goes straight to what is due next. Everything
   * happens at the simulated time at which it would happen anyway. Only for a patient clock, and only if all who make calls from
   * outside say so (`Sandbox.work`).
   */
  public skipRests(): void {
    const pacemaker = this.#pacemaker;
    if (pacemaker === undefined) throw new Error('only a patient clock can skip time');
    this.#look ??= setInterval(() => {
      let next = Infinity;
      for (const { due } of this.#timers) next = Math.min(next, due);
      const rest = this.real(next - this.now());
      if (this.#activity.atRest && rest > LOOK && rest < Infinity) pacemaker.skip(rest);
      if (next <= this.now()) this.#fireDue();
    }, LOOK);
  }

  /** Resolves after a simulated duration; never, once the clock is stopped. */
  public sleep(ms: number): Promise<void> {
    return ms > 0 ? new Promise((resolve) => this.after(ms, resolve)) : Promise.resolve();
  }

  /** Waits for a thread that shows its beat there, until the function returned is called. */
  public watch(beat: SharedArrayBuffer): () => void {
    return this.#pacemaker?.watch(beat) ?? (() => undefined);
  }

  /** Drops everything scheduled. */
  public stop(): void {
    this.#pacemaker?.stop();
    clearInterval(this.#look);
    for (const { cancel } of [...this.#timers]) cancel();
  }

  /** Their own timers are late by what was skipped. */
  #fireDue(): void {
    const now = this.now();
    const due = [...this.#timers].filter((timer) => timer.due <= now).sort((a, b) => a.due - b.due);
    // One may cancel another.
    for (const timer of due) if (this.#timers.has(timer)) timer.fire();
  }
}
