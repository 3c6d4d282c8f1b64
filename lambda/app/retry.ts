import { FailureError, type FailureKind } from '../core/failure.ts';
import type { Time } from './ports/index.ts';

/** Thrown so that a step is delivered again, and goes to the dead-letter queue after the last attempt. */
export class RetryableError extends Error {
  public override readonly name = 'RetryableError';
}

/** Failures that may pass within an invocation. */
const TRANSIENT: readonly FailureKind[] = ['throttled', 'unavailable'];

/** Milliseconds. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20_000;

/**
 * Repeats a call until the deadline while its failure is transient.
 *
 * Pauses are exponential backoff with full jitter. The SDK's own retries are switched off for EC2: they give up on
 * throttling after about half a second, and all calls of a warm function share their quota, so a burst uses it up.
 *
 * @throws what the last call threw.
 */
export async function withRetries<T>(call: () => Promise<T>, time: Time): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof FailureError) || !TRANSIENT.includes(error.kind)) throw error;
      const pause = pauseBefore(attempt, time.random());
      if (time.now().getTime() + pause >= time.deadline.getTime()) throw error;
      await time.sleep(pause);
    }
  }
}

/**
 * Repeats a call with what it refused, until the deadline or a failure that no retry fixes.
 *
 * @param call returns the items that were refused.
 * @returns what was never accepted, and why.
 */
export async function retryRefused<T>(
  items: readonly T[],
  call: (items: readonly T[]) => Promise<readonly T[]>,
  time: Time,
): Promise<{ readonly refused: readonly T[]; readonly failure?: FailureError }> {
  let refused = items;
  const again = async () => {
    if (refused.length > 0) refused = await call(refused);
    if (refused.length > 0) {
      throw new FailureError('unavailable', `${refused.length} of ${items.length} were refused`);
    }
  };
  const failure = await attempt(() => withRetries(again, time));
  return failure instanceof FailureError ? { refused, failure } : { refused };
}

/** Milliseconds before attempt `attempt + 2`: a random part of a bound that doubles each time. */
export function pauseBefore(attempt: number, random: number): number {
  return random * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt);
}

/** Returns the result of a call or the `FailureError` it throws. Other errors are bugs and rethrown. */
export async function attempt<T>(call: () => Promise<T>): Promise<T | FailureError> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof FailureError) return error;
    throw error;
  }
}
