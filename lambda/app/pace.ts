import { FailureError } from '../core/failure.ts';
import type { Time } from './ports/index.ts';

/** Keeps the changes of a region to EC2's request rate. */
export interface ChangePace {
  /**
   * Waits until a change may be made.
   *
   * @throws FailureError `deadline`, at once, if the wait would be too long.
   */
  take(): Promise<void>;
  /** Slows down, because EC2 has throttled a call. */
  drain(): void;
  /** Whether changes that were handed back are not due yet; absent where nothing is handed back. */
  isBehind?(): boolean;
}

/**
 * Limits the rate of changes with a token bucket like EC2's for ModifyInstanceMetadataOptions.
 *
 * EC2 allows 100 calls at once, then 5 per second, per account and region. Other callers share that bucket, so a
 * throttled call empties this one.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
export class Pace implements ChangePace {
  #tokens: number;
  #at: number;

  public constructor(
    private readonly time: Time,
    private readonly burst = 100,
    private readonly perSecond = 5,
  ) {
    this.#tokens = burst;
    this.#at = time.now().getTime();
  }

  public async take(): Promise<void> {
    this.#refill();
    const wait = Math.max(0, ((1 - this.#tokens) / this.perSecond) * 1000);
    if (this.#at + wait >= this.time.deadline.getTime()) {
      throw new FailureError('deadline', 'no time was left for this instance in this invocation');
    }
    this.#tokens -= 1;
    if (wait > 0) await this.time.sleep(wait);
  }

  public drain(): void {
    this.#refill();
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #refill(): void {
    const now = this.time.now().getTime();
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
  }
}
