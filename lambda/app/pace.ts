import { FailureError } from '../core/failure.ts';
import type { Time } from './ports/index.ts';

/**
 * Limits the rate of changes with a token bucket like EC2's for ModifyInstanceMetadataOptions.
 *
 * EC2 allows 100 calls at once, then 5 per second, per account and region. Other callers share that bucket, so a
 * throttled call empties this one.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
export class Pace {
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

  /**
   * Waits for a token.
   *
   * @throws FailureError `deadline`, at once, if there is none before the deadline.
   */
  public async take(): Promise<void> {
    this.#refill();
    const wait = Math.max(0, ((1 - this.#tokens) / this.perSecond) * 1000);
    if (this.#at + wait >= this.time.deadline.getTime()) {
      throw new FailureError('deadline', 'no time was left for this instance in this invocation');
    }
    this.#tokens -= 1;
    if (wait > 0) await this.time.sleep(wait);
  }

  /** Empties the bucket, because EC2 has throttled a call. */
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
