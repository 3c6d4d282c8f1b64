import { isRetried, type Outcome } from '../../core/outcome.ts';
import type { Run } from '../../triggers/scan.ts';
import { Bucket, Pace } from '../pace.ts';
import { remediatePaced } from '../remediate-paced.ts';
import { report } from '../report.ts';
import { RetryableError, withRetries } from '../retry.ts';
import { schedulePostChangeChecks } from '../schedule-post-change-checks.ts';
import { contextOf, type ScanPorts, type ScanRules } from './rules.ts';

/** Changes per second: below EC2's refill rate of 5, so that events and other callers always find quota. */
const PER_SECOND = 3;

/**
 * Remediates one batch of a scan.
 *
 * Instances that must be retried are queued as a batch of their own, behind the rest of the run: a retry of the whole
 * batch would repeat the alerts about the others. So are those whose events were not accepted.
 *
 * @throws RetryableError if every instance must be retried. SQS then delivers the step again, up to its maximum receive
 * count.
 */
export async function remediateBatch(
  { index, instanceIds, ...run }: Run & { readonly index: number; readonly instanceIds: readonly string[] },
  rules: ScanRules,
  ports: ScanPorts,
): Promise<void> {
  const { account, region, startedAt } = run;
  const context = contextOf(run);
  const targets = instanceIds.map((instanceId) => ({ account, region, instanceId, context }));
  const outcomes: Outcome[] = [];
  const pace = new Pace(ports.time, new Bucket({ burst: 1, perSecond: PER_SECOND }));
  const notBegun = await remediatePaced(targets, rules, pace, { ...ports, groups: new Map() }, (outcome) =>
    outcomes.push(outcome),
  );
  const unreported = await report(outcomes, rules, ports);
  await schedulePostChangeChecks(outcomes, ports);
  const retried = [...outcomes.filter(isRetried), ...unreported].map(({ target }) => target);
  const remaining = [...retried, ...notBegun].map(({ instanceId }) => instanceId);
  if (remaining.length === 0) return;
  // Fewer each time, so that the retries come to an end.
  if (remaining.length === targets.length)
    throw new RetryableError(`${remaining.length} instances in ${region} must be retried`);
  const step = { step: 'batch', account, region, startedAt, index, instanceIds: remaining } as const;
  await withRetries(() => ports.steps.put([step]), ports.time);
}
