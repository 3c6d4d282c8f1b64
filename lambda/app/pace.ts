import { FailureError } from '../core/failure.ts';
import type { Time } from './ports/index.ts';

/** Calls at once, and calls per second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
  /** The part of the burst that only urgent changes use; default 0. */
  readonly urgent?: number;
}

/**
 * What EC2 allows of ModifyInstanceMetadataOptions, per account and region. Other callers share it.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
export const EC2_RATE: Rate = { burst: 100, perSecond: 5 };

/** Throttled calls within this time count as one: they were in progress at the same time. */
const SAME_REFUSAL_MS = 1000;

/** Seconds of the full rate that are left to other callers after a throttled call. */
const STEP_BACK_SECONDS = 1;

/** Seconds in which a rate of zero would grow back. */
const RECOVERY_SECONDS = 50;

/** How long after the last reserved time a region still counts as behind: other environments reserve times, too. */
const AFTERWARDS_MS = 30_000;

/**
 * An estimate of EC2's token bucket for changes in one region. Times are milliseconds since 1970.
 *
 * A throttled call halves the rate, and the rate grows back slowly. That way any number of callers shares what EC2
 * allows.
 */
export class Bucket {
  readonly #full: Rate;
  #tokens: number;
  #perSecond: number;
  #at = -Infinity;
  #halvedAt = -Infinity;
  #reservedUntil = -Infinity;
  #urgentUntil = -Infinity;

  public constructor(rate = EC2_RATE) {
    this.#full = rate;
    this.#tokens = rate.burst;
    this.#perSecond = rate.perSecond;
  }

  /** Milliseconds until a change may be made. An urgent one does not wait behind others. */
  public wait(now: number, isUrgent = false): number {
    this.#refill(now);
    const needed = isUrgent ? 1 : 1 + (this.#full.urgent ?? 0);
    return Math.max(0, ((needed - this.#tokens) / this.#perSecond) * 1000);
  }

  public take(): void {
    this.#tokens -= 1;
  }

  /** EC2 has throttled a call. */
  public drain(now: number): void {
    this.#refill(now);
    this.#tokens = Math.min(this.#tokens, -this.#full.perSecond * STEP_BACK_SECONDS);
    if (now - this.#halvedAt < SAME_REFUSAL_MS) return;
    this.#halvedAt = now;
    this.#perSecond /= 2;
  }

  /**
   * Reserves the time of a change that is handed back, after those reserved before; of an urgent one, after those that
   * are urgent, too. @returns milliseconds until then.
   */
  public reserve(now: number, isUrgent = false): number {
    const after = (reserved: number) =>
      Math.max(reserved, now + this.wait(now, isUrgent)) + 1000 / this.#full.perSecond;
    if (isUrgent) return (this.#urgentUntil = after(this.#urgentUntil)) - now;
    return (this.#reservedUntil = after(this.#reservedUntil)) - now;
  }

  /** A change came later than usual: others of its region may have been handed back, too. */
  public noteLate(now: number): void {
    this.#reservedUntil = Math.max(this.#reservedUntil, now);
  }

  /** Milliseconds until no change that was handed back should be left. */
  public backlog(now: number): number {
    return Math.max(0, this.#reservedUntil + AFTERWARDS_MS - now);
  }

  #refill(now: number): void {
    const { burst, perSecond } = this.#full;
    const seconds = this.#at === -Infinity ? 0 : (now - this.#at) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + seconds * this.#perSecond);
    this.#perSecond = Math.min(perSecond, this.#perSecond + (seconds * perSecond) / RECOVERY_SECONDS);
    this.#at = now;
  }
}

/** Keeps the changes of a region to a bucket, in one invocation. */
export class Pace {
  readonly #time: Time;
  readonly #bucket: Bucket;
  readonly #longestWaitMs: number;

  public constructor(time: Time, bucket = new Bucket(), longestWaitMs = Infinity) {
    this.#time = time;
    this.#bucket = bucket;
    this.#longestWaitMs = longestWaitMs;
  }

  /**
   * Waits until a change may be made.
   *
   * @throws FailureError `deadline`, at once, if that is too long or not before the deadline.
   */
  public async take(isUrgent = false): Promise<void> {
    const now = this.#time.now().getTime();
    const wait = this.#bucket.wait(now, isUrgent);
    if (wait > this.#longestWaitMs || now + wait >= this.#time.deadline.getTime()) {
      throw new FailureError('deadline', "no time or no request rate of EC2's was left for this instance");
    }
    this.#bucket.take();
    if (wait > 0) await this.#time.sleep(wait);
  }

  /** Slows down, because EC2 has throttled a call. */
  public drain(): void {
    this.#bucket.drain(this.#time.now().getTime());
  }

  /** Whether changes that were handed back are not due yet. */
  public isBehind(): boolean {
    return this.#bucket.backlog(this.#time.now().getTime()) > 0;
  }
}
