import type { Snapshot } from '../core/instance.ts';
import { type Usage, USAGE_RULES, usageOf, type UsageRules, windowOf } from '../core/usage.ts';
import { measureUsage } from './measure-usage.ts';
import type { Time, UsageReader } from './ports/index.ts';

/** Instances per round: what one call measures. Only the verdicts stay in memory, which are smaller than the points. */
const BATCH = 500;

/**
 * Measures IMDSv1 usage of instances of one region and judges it.
 *
 * @returns the verdicts by instance id.
 * @throws FailureError
 */
export async function assessUsage(
  region: string,
  instances: readonly Snapshot[],
  rules: UsageRules = USAGE_RULES,
  { usage, time }: { readonly usage: UsageReader; readonly time: Time },
): Promise<ReadonlyMap<string, Usage>> {
  const now = time.now();
  const window = windowOf(now, rules);
  const verdicts = new Map<string, Usage>();
  for (let start = 0; start < instances.length; start += BATCH) {
    const batch = instances.slice(start, start + BATCH);
    const instanceIds = batch.map(({ instanceId }) => instanceId);
    const question = { region, metric: 'MetadataNoToken', instanceIds, window } as const;
    const { measurements } = await measureUsage(question, usage, time);
    for (const snapshot of batch) {
      const measurement = measurements.get(snapshot.instanceId);
      if (measurement !== undefined) {
        verdicts.set(snapshot.instanceId, usageOf(snapshot, measurement, window, rules, now));
      }
    }
  }
  return verdicts;
}
