import pMap from 'p-map';
import { autoScalingGroups } from '../../lambda/adapters/autoscaling-groups.ts';
import { readDefaults } from '../../lambda/adapters/ec2-defaults.ts';
import { ec2Fleets } from '../../lambda/adapters/ec2-fleets.ts';
import { ec2LaunchTemplates } from '../../lambda/adapters/ec2-launch-templates.ts';
import { readLaunchInventory } from '../../lambda/app/read-launch-inventory.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { LAUNCH_SOURCE_READS, type LaunchInventory } from '../../lambda/core/prevention/inventory.ts';
import { type Readiness, readinessOf } from '../../lambda/core/prevention/readiness.ts';
import { REGIONS_AT_ONCE } from '../audit/read.ts';
import type { Aws } from '../common/aws.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';

/** A Region, and what launches instances in it. */
export interface RegionReadiness {
  readonly region: string;
  readonly inventory: LaunchInventory;
  readonly readiness: Readiness;
}

/** The actions that `readRegion` calls, but the one for the account defaults. What is denied is not looked at. */
export const OTHER_READS = [...LAUNCH_SOURCE_READS, 'ec2:DescribeInstances'].join(', ');

/** Reads what launches instances in a Region. @throws FailureError if a call fails that is not denied. */
export async function readRegion(region: string, aws: Aws): Promise<RegionReadiness> {
  const inventory = await readLaunchInventory(region, {
    launchSources: {
      ...ec2LaunchTemplates(aws.ec2),
      ...ec2Fleets(aws.ec2),
      ...autoScalingGroups(aws.autoScaling),
    },
    fleet: aws.fleet,
    regions: { defaults: (name) => readDefaults(aws.ec2(name)) },
    time: aws.time(region),
    explain: explainError,
  });
  return { region, inventory, readiness: readinessOf(inventory) };
}

/** The Regions that were read, and why the others were not. */
export interface ReadRegions {
  readonly read: readonly RegionReadiness[];
  readonly problems: ReadonlyMap<string, string>;
}

/** Reads Regions, some in parallel. An error in one Region does not stop the others, and is printed. */
export async function readAll(regions: readonly string[], aws: Aws, io: Io): Promise<ReadRegions> {
  const problems = new Map<string, string>();
  let done = 0;
  const show = () => io.progress(`${done} of ${regions.length} Regions read`);
  show();
  const read = await pMap(
    regions,
    async (region) => {
      try {
        return [await readRegion(region, aws)];
      } catch (error) {
        if (!(error instanceof FailureError) || io.interrupted.aborted) throw error;
        problems.set(region, explainError(error));
        return [];
      } finally {
        done += 1;
        show();
      }
    },
    { concurrency: REGIONS_AT_ONCE },
  );
  io.progress('');
  for (const [region, problem] of problems) io.note(`${region} could not be read: ${problem}`);
  return { read: read.flat(), problems };
}
