import type { Policy } from '../core/decide.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Target } from '../core/target.ts';
import type { Pace } from './pace.ts';
import { remediate, type RemediatePorts } from './remediate.ts';

/** Instances per describe: few, so that each decision is taken on a recent snapshot. */
const BATCH = 20;

/** Batches in progress at the same time: while one is described, the other uses the pace. */
const WORKERS = 2;

/**
 * Remediates many instances of one region at a given pace.
 *
 * If a full batch fails, no further batch is begun: the cause, such as a missing permission, applies to the others too.
 *
 * @param onOutcome is called with each outcome.
 * @returns the targets that were not begun, because a batch failed or the deadline was reached.
 */
export async function remediatePaced(
  targets: readonly Target[],
  policy: Policy,
  pace: Pace,
  ports: RemediatePorts,
  onOutcome: (outcome: Outcome) => void,
): Promise<readonly Target[]> {
  const { time } = ports;
  let begun = 0;
  let batchFailed = false;
  const work = async () => {
    while (begun < targets.length && !batchFailed && time.now() < time.deadline) {
      const batch = targets.slice(begun, begun + BATCH);
      begun += batch.length;
      const outcomes = await remediate(batch, policy, ports, () => pace);
      outcomes.forEach(onOutcome);
      batchFailed ||= batch.length === BATCH && outcomes.every(({ status }) => status === 'failed');
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return targets.slice(begun);
}
