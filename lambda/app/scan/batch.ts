import { isRetried, type Outcome } from '../../core/outcome.ts';
import type { Run } from '../../triggers/scan.ts';
import { close } from '../remediate-paced.ts';
import { TryAgainError } from '../invoke.ts';
import { Pace } from '../pace.ts';
import { withRetries } from '../retry.ts';
import { report } from '../report.ts';
import { scheduleChecks } from '../schedule-checks.ts';
import { contextOf, type ScanPorts, type ScanRules } from './rules.ts';

/** Changes per second: less than EC2 gives back, so that people and events always find some left. */
const PER_SECOND = 3;

/**
 * Closes what of the instances should be closed. Those that could not be done now come again as a batch of their own, behind the
 * rest of the run: the whole batch again would tell of every other once more that it is closed.
 *
 * @throws TryAgainError if none could be done. The queue gives it back some times then, and in the end to the dead letters.
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
  const pace = new Pace(ports.time, 1, PER_SECOND);
  const left = await close(targets, rules, pace, ports, (outcome) => outcomes.push(outcome));
  await report(outcomes, rules, ports);
  await scheduleChecks(outcomes, ports);
  const retried = outcomes.filter(isRetried).map(({ target }) => target);
  // With time left, the rest was given up because all of a whole set failed. Where no retry helps them, none helps the rest.
  const cutShort = left.length > 0 && ports.time.now() >= ports.time.deadline;
  if (retried.length === 0 && !cutShort) return;
  const again = [...retried, ...left].map(({ instanceId }) => instanceId);
  // Fewer each time, so that this ends.
  if (again.length === targets.length)
    throw new TryAgainError(`${again.length} instances in ${region} must be tried again`);
  const step = { step: 'batch', account, region, startedAt, index, instanceIds: again } as const;
  await withRetries(() => ports.steps.put([step]), ports.time);
}
