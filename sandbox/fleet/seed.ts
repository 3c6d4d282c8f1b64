import type { Usage } from '../aws/cloudwatch/usage.ts';
import type { Fleet } from '../aws/ec2/fleet.ts';
import type { Software } from '../aws/simulation/software.ts';
import { type PlanOptions, workloads } from './plan.ts';
import { type PlannedInstance, sampleInstances } from './sample-instances.ts';

/** What the instances are added to. */
export interface SeedContext extends PlanOptions {
  readonly fleet: (region: string) => Fleet;
  readonly usage: Usage;
  readonly software: Software;
}

/**
 * Adds existing instances as in an account that grew over years, without calls and events.
 *
 * One instance of every case comes first, then groups of every launch source.
 */
export function seedFleet(size: number, context: SeedContext): void {
  let remaining = size;
  // Limited, so that a small fleet does not consist of one group.
  const largestGroup = Math.max(5, size / 10);
  const add = (region: string, { instance, use, call }: PlannedInstance) => {
    const { id } = context.fleet(region).add(instance);
    if (use === undefined) context.usage.delete(id);
    else context.usage.set(id, use);
    if (call !== undefined) context.software.add(id, call, { region });
    remaining--;
  };
  for (const [index, planned] of sampleInstances(context.now).slice(0, size).entries()) {
    add(context.regions[index % context.regions.length] ?? '', planned);
  }
  for (const { region, launchTemplate, instances } of workloads(context)) {
    if (remaining === 0) return;
    if (launchTemplate !== undefined) context.fleet(region).addLaunchTemplate(launchTemplate);
    for (const planned of instances.slice(0, Math.min(remaining, largestGroup))) add(region, planned);
  }
}
