import { FailureError } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import { attempt } from './retry.ts';
import type { Ports } from './ports/index.ts';

/**
 * Schedules the first post-change check of the instances that were remediated.
 *
 * The check is optional: if the queue does not accept it, nothing is repeated or thrown. The changes are made and
 * notified, and the daily scan reports rejected calls too.
 */
export async function schedulePostChangeChecks(
  outcomes: readonly Outcome[],
  { queue, telemetry }: Pick<Ports, 'queue' | 'telemetry'>,
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
  const scheduled = await attempt(() => queue.putChecks(checks));
  if (scheduled instanceof FailureError) {
    telemetry.warning('post-change checks could not be scheduled', scheduled);
  }
}
