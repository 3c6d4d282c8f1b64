import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import { bootWindowOf, isBootTimeUse, type Usage, type UsageRules, windowOf } from '../core/usage.ts';
import type { AssessPorts } from './assess-usage.ts';
import { measureUsage } from './measure-usage.ts';

/**
 * Marks usage within ten minutes after the first launch only, which is for reports: it counts as use.
 *
 * One more metric for each instance that was in use in the first hours only. Those launched in the same hours share a
 * call.
 *
 * @throws FailureError
 */
export async function withBootTime(
  region: string,
  instances: readonly Snapshot[],
  usages: ReadonlyMap<string, Usage>,
  rules: UsageRules,
  { usage, time }: AssessPorts,
): Promise<ReadonlyMap<string, Usage>> {
  const window = windowOf(time.now(), rules);
  const candidates = instances.flatMap((snapshot) => {
    const found = usages.get(snapshot.instanceId);
    const bootWindow = found && bootWindowOf(snapshot, found, window);
    return found && bootWindow ? [{ snapshot, found, bootWindow }] : [];
  });
  const marked = new Map(usages);
  for (const group of groupBy(candidates, ({ bootWindow }) => bootWindow.from.getTime()).values()) {
    const [{ bootWindow } = { bootWindow: window }] = group;
    const names = group.map(({ snapshot }) => snapshot.instanceId);
    const question = { region, metric: 'MetadataNoToken', dimension: 'InstanceId', names, window: bootWindow } as const;
    const { measurements } = await measureUsage(question, usage, time);
    for (const { snapshot, found } of group) {
      const measurement = measurements.get(snapshot.instanceId);
      if (measurement && isBootTimeUse(snapshot, measurement)) {
        marked.set(snapshot.instanceId, { ...found, atBoot: true });
      }
    }
  }
  return marked;
}
