import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import type { Time } from '../../lambda/app/ports/index.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Aws } from '../shared/aws.ts';
import { type ArgumentSpec, UsageError } from '../shared/command.ts';
import { instanceIdOf } from '../shared/options.ts';

export const IDS_ARGUMENT: ArgumentSpec = { name: '<ids...>', description: 'instance ids in the Region' };

/** Milliseconds after which calls are not retried, in commands on a few instances. */
export const TIMEOUT = 60_000;

/**
 * Describes the instances of the arguments.
 *
 * @throws UsageError if one is not found or is terminated.
 */
export async function snapshotsOf(
  args: readonly string[],
  region: string,
  aws: Aws,
  time: Time,
): Promise<readonly Snapshot[]> {
  const ids = [...new Set(args.map(instanceIdOf))];
  const snapshots = await withRetries(() => ec2Reader(aws.ec2).describe(region, ids), time);
  const found = new Map(snapshots.map((snapshot) => [snapshot.instanceId, snapshot]));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0)
    throw new UsageError(`instance ${missing.join(', ')} not found in ${region}; nothing was changed`);
  const terminated = snapshots.find(({ state }) => state === 'shutting-down' || state === 'terminated');
  if (terminated !== undefined) throw new UsageError(`${terminated.instanceId} is terminated; nothing was changed`);
  return ids.flatMap((id) => found.get(id) ?? []);
}
