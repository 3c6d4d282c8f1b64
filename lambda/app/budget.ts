import { FailureError } from '../core/failure.ts';
import type { Pace } from './pace.ts';
import type { Time } from './ports/index.ts';

/** How changes are paced that come through the work queue. Found with bench/events.ts. */
export interface BudgetSettings {
  /** Changes at once: fewer than EC2's 100, so that people find some left. */
  readonly burst: number;
  /** Changes a second at most, as EC2 has it. */
  readonly perSecond: number;
  /** Seconds of that rate which a throttled environment leaves to everybody else, at least. */
  readonly stepBackSeconds: number;
  /** By how much the rate grows again in each second, after it was halved. */
  readonly growth: number;
  /** The longest that a change waits in an invocation; one that must wait longer is handed back to the queue. */
  readonly patienceMs: number;
}

/** https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
export const BUDGET: BudgetSettings = { burst: 90, perSecond: 5, stepBackSeconds: 1, growth: 0.1, patienceMs: 1000 };

/** The pace of changes in a Region, in one invocation. */
export type SharedPace = Pick<Pace, 'take' | 'drain'> & {
  /** Whether changes that were handed back still wait for their turn. */
  isBehind(): boolean;
};

/**
 * What one execution environment believes EC2's buckets for ModifyInstanceMetadataOptions to hold, Region by Region. It outlives the
 * invocation, because a bucket that was emptied a second ago is still empty. It is an estimate and may be lost: other environments,
 * the scan and people take from the same buckets, so each refusal halves the rate, and the rate grows back slowly. That way any
 * number of environments comes to share what there is.
 */
export class Budget {
  readonly #buckets = new Map<string, Bucket>();
  readonly #settings: BudgetSettings;

  public constructor(settings = BUDGET) {
    this.#settings = settings;
  }

  public paceIn(region: string, time: Time): SharedPace {
    const bucket = this.#in(region);
    const now = () => time.now().getTime();
    return {
      take: async () => {
        const wait = bucket.wait(now());
        if (wait > this.#settings.patienceMs || now() + wait >= time.deadline.getTime()) {
          throw new FailureError('deadline', "EC2's request rate leaves no room for this instance now");
        }
        bucket.take();
        if (wait > 0) await time.sleep(wait);
      },
      drain: () => bucket.drain(now()),
      isBehind: () => bucket.backlog(now()) > 0,
    };
  }

  /** Promises a moment to a change that is handed back, behind those promised before. @returns milliseconds until then. */
  public promise(region: string, now: Date): number {
    return this.#in(region).promise(now.getTime());
  }

  /** Milliseconds until the last moment that was promised. */
  public backlog(region: string, now: Date): number {
    return this.#in(region).backlog(now.getTime());
  }

  #in(region: string): Bucket {
    let bucket = this.#buckets.get(region);
    if (bucket === undefined) this.#buckets.set(region, (bucket = new Bucket(this.#settings)));
    return bucket;
  }
}

/** A refusal within this time of another is the same one: calls that were under way. */
const SAME_REFUSAL_MS = 1000;

/** Times are milliseconds since 1970. */
class Bucket {
  #tokens: number;
  #rate: number;
  #at = -Infinity;
  #halvedAt = -Infinity;
  #promisedUntil = -Infinity;

  public constructor(private readonly settings: BudgetSettings) {
    this.#tokens = settings.burst;
    this.#rate = settings.perSecond;
  }

  public wait(now: number): number {
    this.#refill(now);
    return Math.max(0, ((1 - this.#tokens) / this.#rate) * 1000);
  }

  public take(): void {
    this.#tokens -= 1;
  }

  /** EC2 has throttled: its bucket is empty, whatever this one says. */
  public drain(now: number): void {
    const { perSecond, stepBackSeconds } = this.settings;
    this.#refill(now);
    this.#tokens = Math.min(this.#tokens, -perSecond * stepBackSeconds);
    if (now - this.#halvedAt < SAME_REFUSAL_MS) return;
    this.#halvedAt = now;
    this.#rate /= 2;
  }

  public promise(now: number): number {
    this.#promisedUntil = Math.max(this.#promisedUntil, now + this.wait(now)) + 1000 / this.settings.perSecond;
    return this.#promisedUntil - now;
  }

  public backlog(now: number): number {
    return Math.max(0, this.#promisedUntil - now);
  }

  #refill(now: number): void {
    const { burst, perSecond, growth } = this.settings;
    const seconds = this.#at === -Infinity ? 0 : (now - this.#at) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + seconds * this.#rate);
    this.#rate = Math.min(perSecond, this.#rate + seconds * growth);
    this.#at = now;
  }
}
