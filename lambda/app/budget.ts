import { FailureError } from '../core/failure.ts';
import type { ChangePace } from './pace.ts';
import type { Time } from './ports/index.ts';

/** How the changes of the work queue are paced. The values are found with bench/events.ts. */
export interface BudgetSettings {
  /** Changes at once: fewer than EC2's 100, so that other callers find some left. */
  readonly burst: number;
  /** Changes per second: EC2's refill rate. */
  readonly perSecond: number;
  /** Seconds of that rate that are left to other callers after EC2 has throttled a call. */
  readonly stepBackSeconds: number;
  /** By how much the rate grows in each second, after it was halved. */
  readonly growth: number;
  /** The longest wait in an invocation, in milliseconds. A change that must wait longer is handed back to the queue. */
  readonly longestWaitMs: number;
}

/** https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
export const BUDGET: BudgetSettings = { burst: 90, perSecond: 5, stepBackSeconds: 1, growth: 0.1, longestWaitMs: 1000 };

/**
 * An estimate of EC2's token buckets for ModifyInstanceMetadataOptions, one for each region.
 *
 * It belongs to the execution environment and outlives the invocation, because a bucket that was emptied a second ago
 * is still empty. Other environments, the scan and other callers use the same buckets: so each throttled call halves
 * the rate, and the rate grows back slowly. That way any number of environments shares what EC2 allows.
 */
export class Budget {
  readonly #buckets = new Map<string, Bucket>();
  readonly #settings: BudgetSettings;

  public constructor(settings = BUDGET) {
    this.#settings = settings;
  }

  /** The pace of changes in a region, in one invocation. */
  public paceIn(region: string, time: Time): ChangePace {
    const bucket = this.#in(region);
    const now = () => time.now().getTime();
    return {
      take: async () => {
        const wait = bucket.wait(now());
        if (wait > this.#settings.longestWaitMs || now() + wait >= time.deadline.getTime()) {
          throw new FailureError('deadline', "EC2's request rate left no room for this instance in this invocation");
        }
        bucket.take();
        if (wait > 0) await time.sleep(wait);
      },
      drain: () => bucket.drain(now()),
      isBehind: () => bucket.backlog(now()) > 0,
    };
  }

  /**
   * Reserves the time of a change that is handed back, after those reserved before. @returns milliseconds until then.
   */
  public reserve(region: string, now: Date): number {
    return this.#in(region).reserve(now.getTime());
  }

  /** A change came later than usual: others of its region may be waiting, too. */
  public noteLate(region: string, now: Date): void {
    this.#in(region).noteLate(now.getTime());
  }

  /** Milliseconds until the last reserved time. */
  public backlog(region: string, now: Date): number {
    return this.#in(region).backlog(now.getTime());
  }

  #in(region: string): Bucket {
    let bucket = this.#buckets.get(region);
    if (bucket === undefined) this.#buckets.set(region, (bucket = new Bucket(this.#settings)));
    return bucket;
  }
}

/** Throttled calls within this time count as one: they were in progress at the same time. */
const SAME_REFUSAL_MS = 1000;

/**
 * How long after the last reserved time a region still counts as behind: other environments have reservations of their
 * own.
 */
const AFTERWARDS_MS = 30_000;

/** Times are milliseconds since 1970. */
class Bucket {
  #tokens: number;
  #rate: number;
  #at = -Infinity;
  #halvedAt = -Infinity;
  #reservedUntil = -Infinity;

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

  /** Empties the bucket, because EC2 has throttled a call. */
  public drain(now: number): void {
    const { perSecond, stepBackSeconds } = this.settings;
    this.#refill(now);
    this.#tokens = Math.min(this.#tokens, -perSecond * stepBackSeconds);
    if (now - this.#halvedAt < SAME_REFUSAL_MS) return;
    this.#halvedAt = now;
    this.#rate /= 2;
  }

  public reserve(now: number): number {
    this.#reservedUntil = Math.max(this.#reservedUntil, now + this.wait(now)) + 1000 / this.settings.perSecond;
    return this.#reservedUntil - now;
  }

  public noteLate(now: number): void {
    this.#reservedUntil = Math.max(this.#reservedUntil, now);
  }

  public backlog(now: number): number {
    return Math.max(0, this.#reservedUntil + AFTERWARDS_MS - now);
  }

  #refill(now: number): void {
    const { burst, perSecond, growth } = this.settings;
    const seconds = this.#at === -Infinity ? 0 : (now - this.#at) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + seconds * this.#rate);
    this.#rate = Math.min(perSecond, this.#rate + seconds * growth);
    this.#at = now;
  }
}
