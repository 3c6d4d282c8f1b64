import { Bucket, EC2_RATE, Pace, type Rate } from './pace.ts';
import type { Time } from './ports/index.ts';

/**
 * The changes of the work queue: fewer at once than EC2 allows, so that other callers find some left, and some of them
 * for drift only, which never waits behind launches.
 */
export const BUDGET_RATE: Rate = { ...EC2_RATE, burst: 90, urgent: 15 };

/** The longest wait in an invocation. A change that must wait longer is handed back to the queue. */
const LONGEST_WAIT_MS = 1000;

/**
 * EC2's request rate for changes as one execution environment knows it, by region.
 *
 * It outlives the invocation, because a bucket that was emptied a second ago is still empty.
 */
export class Budget {
  readonly #buckets = new Map<string, Bucket>();
  readonly #rate: Rate;

  public constructor(rate = BUDGET_RATE) {
    this.#rate = rate;
  }

  public in(region: string): Bucket {
    let bucket = this.#buckets.get(region);
    if (bucket === undefined) this.#buckets.set(region, (bucket = new Bucket(this.#rate)));
    return bucket;
  }

  /** The pace of the changes of a region, in one invocation. */
  public paceIn(region: string, time: Time): Pace {
    return new Pace(time, this.in(region), LONGEST_WAIT_MS);
  }
}
