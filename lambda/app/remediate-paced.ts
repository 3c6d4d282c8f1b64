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
 * A failure stops nothing: a policy may refuse some instances, by a tag or an account boundary, and no others.
 *
 * @param onOutcome is called with each outcome.
 * @returns the targets that were not begun before the deadline.
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
  const work = async () => {
    while (begun < targets.length && time.now() < time.deadline) {
      const batch = targets.slice(begun, begun + BATCH);
      begun += batch.length;
      (await remediate(batch, policy, ports, () => pace)).forEach(onOutcome);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return targets.slice(begun);
}
