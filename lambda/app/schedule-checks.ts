import { FailureError } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import { attempt, persist } from './retry.ts';
import type { Ports } from './ports.ts';

/**
 * Asks that the instances that were just closed are looked after. Should the queue refuse, nothing is thrown: the changes are made
 * and told, and the sweep finds what broke within the day.
 */
export async function watch(
  outcomes: readonly Outcome[],
  { queue, journal, time }: Pick<Ports, 'queue' | 'journal' | 'time'>,
): Promise<void> {
  const closed = outcomes.filter(({ status }) => status === 'remediated');
  if (closed.length === 0) return;
  const watches = closed.map(({ target: { account, region, instanceId }, at }) => ({
    account,
    region,
    instanceId,
    closedAt: at,
    asked: 0,
  }));
  const kept = await attempt(() => persist(() => queue.putWatches(watches), time));
  if (kept instanceof FailureError) journal.warning('what was closed is not watched', kept);
}
