import { setTimeout as sleep } from 'node:timers/promises';
import type { Time } from '../app/ports/index.ts';

/** Milliseconds reserved at the end of an invocation for alerts and for queuing the remaining work. */
const RESERVE = 15_000;

/**
 * The clock of an invocation.
 *
 * @param remaining milliseconds until Lambda ends it.
 * @param longest milliseconds after which no new work is begun, however many remain.
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
