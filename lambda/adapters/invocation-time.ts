import { setTimeout as sleep } from 'node:timers/promises';
import type { Time } from '../app/ports.ts';

/** Kept free at the end of an invocation for publishing, and for handing back what was not done. */
const RESERVE = 15_000;

/**
 * The clock of an invocation that has some milliseconds left.
 *
 * @param longest milliseconds after which nothing new is begun, however many are left.
 */
export function invocationTime(remaining: number, longest = Infinity): Time {
  const deadline = new Date(Date.now() + Math.min(longest, remaining - RESERVE));
  return {
    now: () => new Date(),
    sleep: async (milliseconds) => {
      if (milliseconds > 0) await sleep(milliseconds);
    },
    random: Math.random,
    deadline,
  };
}
