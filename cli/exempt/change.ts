import { ec2ExemptionWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import type { ExemptionWriter } from '../../lambda/app/ports/index.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import { Aws, type AwsOptions } from '../common/aws.ts';
import { UsageError } from '../common/command.ts';
import { adviceOn, explainError } from '../common/errors.ts';
import { findInstances, type FoundInstance, TIMEOUT } from '../common/find-instances.ts';
import type { Io } from '../common/io.ts';

/** A change of the exemption tags of instances of one Region. */
type Change = (writer: ExemptionWriter, region: string, instanceIds: readonly string[]) => Promise<void>;

/**
 * The instances of the arguments, all of which exist.
 *
 * @throws UsageError if one is not found or is terminated: then nothing is changed.
 */
export async function livingInstances(args: readonly string[], options: AwsOptions, io: Io) {
  const aws = new Aws(options, io);
  const instances = await findInstances(args, aws, io, { effect: '; nothing was changed' });
  const terminated = instances.find(({ snapshot: { state } }) => state === 'shutting-down' || state === 'terminated');
  if (terminated !== undefined)
    throw new UsageError(`${terminated.snapshot.instanceId} is terminated; nothing was changed`);
  return { aws, instances };
}

/**
 * Changes the exemption tags of instances, in one call for each Region, and notes where that fails.
 *
 * A failure in one Region does not stop the others.
 *
 * @returns why instances were not changed, by Region.
 */
export async function changeTags(
  instances: readonly FoundInstance[],
  change: Change,
  aws: Aws,
  io: Io,
): Promise<ReadonlyMap<string, string>> {
  const writer = ec2ExemptionWriter(aws.ec2);
  const problems = new Map<string, string>();
  for (const [region, group] of groupBy(instances, (instance) => instance.region)) {
    const ids = group.map(({ snapshot }) => snapshot.instanceId);
    const time = aws.time(region, TIMEOUT);
    const failure = await attempt(() => withRetries(() => change(writer, region, ids), time));
    if (!(failure instanceof FailureError)) continue;
    problems.set(region, explainError(failure));
    io.note(`imdsv2: not changed: ${ids.join(', ')} in ${region}: ${explainError(failure)}${adviceOn(failure)}`);
  }
  return problems;
}
