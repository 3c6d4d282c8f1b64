import { FailureError } from '../core/failure.ts';
import type { Time } from './ports.ts';

/**
 * A token bucket like the one EC2 keeps for ModifyInstanceMetadataOptions: 100 at once, then 5 per second, per account and
 * region. It shares that bucket with everybody else, so a throttled call empties ours.
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
   * @throws FailureError `deadline` at once if there will be none before the deadline.
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

  /** EC2 has throttled: its bucket is empty, whatever ours says. */
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
