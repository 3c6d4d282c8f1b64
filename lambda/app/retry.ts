import { FailureError, type FailureKind } from '../core/failure.ts';
import type { Time } from './ports.ts';

/** Failures that go away by themselves within an invocation. */
const PASSING: readonly FailureKind[] = ['throttled', 'unavailable'];

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20_000;

/**
 * Calls again while the failure is one that passes and the deadline is not reached, with exponential pauses and full jitter.
 *
 * The SDK's own retries are switched off for EC2: they give up on throttling after about half a second, and their allowance is
 * shared by all calls of a warm function, so a burst uses it up.
 *
 * @throws whatever the last call threw.
 */
export async function withRetries<T>(call: () => Promise<T>, time: Time): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof FailureError) || !PASSING.includes(error.kind)) throw error;
      const pause = pauseBefore(attempt, time.random());
      if (time.now().getTime() + pause >= time.deadline.getTime()) throw error;
      await time.sleep(pause);
    }
  }
}

/** Milliseconds before try `attempt + 2`: somewhere between nothing and a bound that doubles each time. */
export function pauseBefore(attempt: number, random: number): number {
  return random * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt);
}

/** What a call gives, or the `FailureError` that it throws; anything else it throws is a bug and goes on. */
export async function attempt<T>(call: () => Promise<T>): Promise<T | FailureError> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
}
