import { FailureError } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import { attempt, withRetries } from './retry.ts';
import type { Ports } from './ports.ts';

/**
 * Asks that the instances that were just closed are looked after. Should the queue refuse, nothing is thrown: the changes are made
 * and told, and the scan finds what broke within the day.
 */
export async function scheduleChecks(
  outcomes: readonly Outcome[],
  { queue, telemetry, time }: Pick<Ports, 'queue' | 'telemetry' | 'time'>,
): Promise<void> {
  const remediated = outcomes.filter(({ status }) => status === 'remediated');
  if (remediated.length === 0) return;
  const checks = remediated.map(({ target: { account, region, instanceId }, at }) => ({
    account,
    region,
    instanceId,
    remediatedAt: at,
    checksDone: 0,
  }));
  const kept = await attempt(() => withRetries(() => queue.putChecks(checks), time));
  if (kept instanceof FailureError) telemetry.warning('what was closed is not checked', kept);
}
