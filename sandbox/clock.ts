import type { Activity } from './activity.ts';
import { newSharedTime, Pacemaker } from './elastic-time.ts';
import { realNow, simulatedNow, type TimeSetting } from './time.ts';

/** Cancels what was scheduled. */
export type Cancel = () => void;

/** The time of the local AWS. Everything that waits on AWS's behalf waits here, so that minutes can pass in seconds. */
export class Clock {
  public readonly setting: TimeSetting;
  readonly #activity: Activity;
  readonly #timers = new Set<Cancel>();
  readonly #pacemaker: Pacemaker | undefined;

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
    const fire = () => {
      const early = due - this.now();
      if (early >= 1 && this.#pacemaker !== undefined) {
        timer = setTimeout(fire, this.real(early));
        return;
      }
      this.#timers.delete(cancel);
      try {
        task();
      } catch (error) {
        this.#activity.fail(error);
      } finally {
        end?.();
      }
    };
    let timer = setTimeout(fire, this.real(ms));
    const cancel = () => {
      clearTimeout(timer);
      this.#timers.delete(cancel);
      end?.();
    };
    this.#timers.add(cancel);
    return cancel;
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
    for (const cancel of [...this.#timers]) cancel();
  }
}
