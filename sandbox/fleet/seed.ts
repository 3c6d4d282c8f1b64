import type { Usage } from '../aws/cloudwatch/usage.ts';
import type { Fleet } from '../aws/ec2/fleet.ts';
import { workloads, type Setting } from './plan.ts';
import { type Planned, specimens } from './specimens.ts';

/** Where a fleet is put. */
export interface Land extends Setting {
  readonly fleet: (region: string) => Fleet;
  readonly usage: Usage;
}

/**
 * Fills the regions with instances as an account that grew over years has them: one of every case first, then groups of all
 * launchSources. No call is made and no event sent: they were there before.
 */
export function seedFleet(size: number, land: Land): void {
  let left = size;
  // A small fleet is not to be one group.
  const largest = Math.max(5, size / 10);
  const add = (region: string, { instance, use }: Planned) => {
    const { id } = land.fleet(region).add(instance);
    if (use !== undefined) land.usage.set(id, use);
    left--;
  };
  for (const [index, planned] of specimens(land.now).slice(0, size).entries()) {
    add(land.regions[index % land.regions.length] ?? '', planned);
  }
  for (const { region, launchTemplate, instances } of workloads(land)) {
    if (left === 0) return;
    if (launchTemplate !== undefined) land.fleet(region).addLaunchTemplate(launchTemplate);
    for (const planned of instances.slice(0, Math.min(left, largest))) add(region, planned);
  }
}
