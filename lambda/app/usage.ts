import type { Snapshot } from '../core/instance.ts';
import { type Usage, USAGE_RULES, usageOf, type UsageRules, windowOf } from '../core/usage.ts';
import { measure } from './measure.ts';
import type { Time, UsageReader } from './ports.ts';

/** Instances that are judged together: as many as one call measures, because what is measured of each is much more than what is kept. */
const AT_ONCE = 500;

/**
 * How instances of one region use IMDSv1, judged on what is measured now.
 *
 * @throws FailureError
 */
export async function usageIn(
  region: string,
  instances: readonly Snapshot[],
  rules: UsageRules = USAGE_RULES,
  { usage, time }: { readonly usage: UsageReader; readonly time: Time },
): Promise<ReadonlyMap<string, Usage>> {
  const now = time.now();
  const window = windowOf(now, rules);
  const judged = new Map<string, Usage>();
  for (let start = 0; start < instances.length; start += AT_ONCE) {
    const some = instances.slice(start, start + AT_ONCE);
    const instanceIds = some.map(({ instanceId }) => instanceId);
    const { measurements } = await measure({ region, metric: 'MetadataNoToken', instanceIds, window }, usage, time);
    for (const snapshot of some) {
      const measured = measurements.get(snapshot.instanceId);
      if (measured !== undefined) judged.set(snapshot.instanceId, usageOf(snapshot, measured, window, rules, now));
    }
  }
  return judged;
}
