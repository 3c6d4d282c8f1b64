import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { attempt } from '../../lambda/app/retry.ts';
import { fleetsWithRejectedCalls } from '../../lambda/app/scan/rejected.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { type Aws, cliTime } from '../common/aws.ts';
import { explainError } from '../common/errors.ts';
import type { Io } from '../common/io.ts';
import { usageReader } from '../common/usage.ts';

/** Milliseconds after which calls are not retried. */
const TIMEOUT = 30_000;

/** The launch sources with rejected calls, by Region. What cannot be read is said, and stops nothing. */
export async function rejectedIn(
  regions: readonly string[],
  aws: Aws,
  io: Io,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const [usage, reader] = [usageReader(aws), ec2Reader(aws.ec2)];
  const read = async (region: string): Promise<readonly [string, ReadonlySet<string>]> => {
    const warning = (_: string, error: unknown) =>
      io.note(`${region}: rejected IMDSv1 calls could not be read: ${explainError(error)}`);
    const ports = { usage, reader, telemetry: { warning }, time: cliTime(io, TIMEOUT) };
    const found = await attempt(() => fleetsWithRejectedCalls(region, ports));
    if (!(found instanceof FailureError)) return [region, found];
    warning('', found);
    return [region, new Set()];
  };
  return new Map(await Promise.all(regions.map(read)));
}
