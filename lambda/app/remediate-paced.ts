import type { Policy } from '../core/decide.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Target } from '../core/target.ts';
import type { Pace } from './pace.ts';
import { remediate, type RemediatePorts } from './remediate.ts';

/** Instances that are read together: few, so that each is decided on what was read shortly before its turn. */
const AT_ONCE = 20;

/** Sets of them at work at the same time: while one is read, the other keeps the pace. */
const LANES = 2;

/**
 * Closes many instances of one region at a pace. Where a whole set fails, nothing more of the region is begun: what stops twenty
 * in a row, such as a missing permission, stops the others too.
 *
 * @param settled is called with each outcome.
 * @returns those that were not begun: because of that, or because time was up.
 */
export async function close(
  targets: readonly Target[],
  policy: Policy,
  pace: Pace,
  ports: RemediatePorts,
  settled: (outcome: Outcome) => void,
): Promise<readonly Target[]> {
  const { time } = ports;
  let begun = 0;
  let hopeless = false;
  const lane = async () => {
    while (begun < targets.length && !hopeless && time.now() < time.deadline) {
      const some = targets.slice(begun, begun + AT_ONCE);
      begun += some.length;
      const outcomes = await remediate(some, policy, ports, () => pace);
      outcomes.forEach(settled);
      hopeless ||= some.length === AT_ONCE && outcomes.every(({ status }) => status === 'failed');
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return targets.slice(begun);
}
