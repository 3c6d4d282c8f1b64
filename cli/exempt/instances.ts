import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { withRetries } from '../../lambda/app/retry.ts';
import type { Time } from '../../lambda/app/ports.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { Aws } from '../shared/aws.ts';
import { type ArgumentSpec, UsageError } from '../shared/command.ts';
import { instanceIdOf } from '../shared/options.ts';

export const IDS_ARGUMENT: ArgumentSpec = { name: '<ids...>', description: 'instances of the region' };

/** How long AWS may take to answer, in milliseconds, before a command on a few instances gives up. */
export const PATIENCE = 60_000;

/**
 * The instances that were typed, as EC2 shows them.
 *
 * @throws UsageError if it does not show them all, or one is terminated.
 */
export async function snapshotsOf(
  args: readonly string[],
  region: string,
  aws: Aws,
  time: Time,
): Promise<readonly Snapshot[]> {
  const ids = [...new Set(args.map(instanceIdOf))];
  const snapshots = await withRetries(() => ec2Reader(aws.ec2).describe(region, ids), time);
  const known = new Map(snapshots.map((snapshot) => [snapshot.instanceId, snapshot]));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) throw new UsageError(`EC2 shows no ${unknown.join(', ')} in ${region}; nothing was changed`);
  const gone = snapshots.find(({ state }) => state === 'shutting-down' || state === 'terminated');
  if (gone !== undefined) throw new UsageError(`${gone.instanceId} is terminated; nothing was changed`);
  return ids.flatMap((id) => known.get(id) ?? []);
}
