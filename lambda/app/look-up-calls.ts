import type { CallHistory } from '../core/callers/callers.ts';
import type { RecordedCall } from '../core/callers/calls.ts';
import { FailureError } from '../core/failure.ts';
import type { HistoryPages, Time } from './ports/index.ts';
import { attempt, withRetries } from './retry.ts';

/** Pages of one subject: 1,000 calls. */
const MOST_PAGES = 20;

/**
 * Half of what CloudTrail allows per account and region, so that other callers always find quota.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
const BETWEEN_LOOKUPS_MS = 1_000;

/**
 * Looks up the calls of instances, or of another subject: at most one lookup per second and region, and not more than
 * a number in all.
 */
export class CallLookups<C = RecordedCall> {
  /** When the next lookup may be made, in milliseconds since 1970, by region. */
  readonly #next = new Map<string, number>();
  /** The first failure by region: the next lookup would fail as well. */
  readonly #failures = new Map<string, FailureError>();
  #left: number;

  public constructor(
    private readonly history: HistoryPages<C>,
    budget: number,
  ) {
    this.#left = budget;
  }

  /** Reads the calls of a subject, newest first, until the deadline. Never throws a FailureError. */
  public async of(region: string, subject: string, time: Time, mostPages = MOST_PAGES): Promise<CallHistory<C>> {
    const calls: C[] = [];
    let token: string | undefined;
    for (let pages = 0; pages < mostPages; pages += 1) {
      const earlier = this.#failures.get(region);
      if (earlier !== undefined) return { calls, missing: earlier };
      if (this.#left <= 0) return { calls, missing: 'budget' };
      const page = await attempt(() =>
        withRetries(async () => {
          await this.#turn(region, time);
          return this.history.page(region, subject, token);
        }, time),
      );
      if (page instanceof FailureError) {
        if (page.kind === 'deadline') return { calls, missing: 'deadline' };
        this.#failures.set(region, page);
        return { calls, missing: page };
      }
      calls.push(...page.calls);
      token = page.next;
      if (token === undefined) return { calls };
    }
    return { calls, missing: 'most-pages' };
  }

  /** Waits until a lookup may be made; not at all if that is too late. */
  async #turn(region: string, time: Time): Promise<void> {
    const now = time.now().getTime();
    const start = Math.max(now, this.#next.get(region) ?? now);
    if (start >= time.deadline.getTime()) throw new FailureError('deadline', 'No time was left to look calls up');
    this.#next.set(region, start + BETWEEN_LOOKUPS_MS);
    this.#left -= 1;
    if (start > now) await time.sleep(start - now);
    if (time.now() >= time.deadline) throw new FailureError('deadline', 'The lookup was interrupted');
  }
}
