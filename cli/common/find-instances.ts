import pMap from 'p-map';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { NOT_VISIBLE, REGIONS_AT_ONCE } from '../audit/read.ts';
import type { Aws } from './aws.ts';
import { UsageError } from './command.ts';
import { explainError, isDenied } from './errors.ts';
import type { Io } from './io.ts';
import { instanceIdOf } from './options.ts';

/** An instance and the Region in which it was found. */
export interface FoundInstance {
  readonly region: string;
  readonly snapshot: Snapshot;
}

/** Milliseconds after which calls are not retried, in commands on a few instances. */
export const TIMEOUT = 60_000;

/**
 * Finds instances by id in the selected Regions, in the order of the ids. A Region that cannot be read is noted.
 *
 * @param effect what the error adds, such as `; nothing was changed`.
 * @throws UsageError if one is in none of the Regions that could be read; the error of EC2 if none could be.
 */
export async function findInstances(
  args: readonly string[],
  aws: Aws,
  io: Io,
  { timeout = TIMEOUT, effect = '' } = {},
): Promise<readonly FoundInstance[]> {
  const ids = [...new Set(args.map(instanceIdOf))];
  const regions = await aws.regions();
  const reader = ec2Reader(aws.ec2);
  const read = (region: string) =>
    attempt(() => withRetries(() => reader.describe(region, ids), aws.time(region, timeout)));
  const results = await pMap(regions, read, { concurrency: REGIONS_AT_ONCE });
  const found = new Map<string, FoundInstance>();
  const failures = new Map<string, FailureError>();
  for (const [index, region] of regions.entries()) {
    const result = results[index] ?? [];
    if (result instanceof FailureError) failures.set(region, result);
    else for (const snapshot of result) found.set(snapshot.instanceId, { region, snapshot });
  }
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length === 0) return ids.flatMap((id) => found.get(id) ?? []);
  const [first] = failures.values();
  if (first !== undefined && failures.size === regions.length) throw first;
  for (const [region, failure] of failures) {
    const prefix = isDenied(failure) ? `is ${NOT_VISIBLE}` : 'could not be read';
    io.note(`${region} ${prefix}: ${explainError(failure)}`);
  }
  const searched = regions.filter((region) => !failures.has(region)).join(', ');
  const more = regions.length === 1 && effect === '' ? '; use --regions all to search every Region' : '';
  throw new UsageError(`instance ${missing.join(', ')} not found in ${searched}${effect}${more}`);
}
