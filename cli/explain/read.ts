import { readDefaults } from '../../lambda/adapters/ec2-defaults.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { measureUsage } from '../../lambda/app/measure-usage.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import type { Time } from '../../lambda/app/ports/index.ts';
import type { Policy } from '../../lambda/core/decide.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import { usageOf, type UsageRules, windowOf } from '../../lambda/core/usage.ts';
import pMap from 'p-map';
import { REGIONS_AT_ONCE } from '../audit/read.ts';
import { type Aws, cliTime } from '../shared/aws.ts';
import { UsageError } from '../shared/command.ts';
import { explainError } from '../shared/errors.ts';
import type { Io } from '../shared/io.ts';
import { usageReader } from '../shared/usage.ts';
import { countsRejectedCalls, type Facts, type Unread } from './facts.ts';

/** Milliseconds after which calls are not retried. */
const TIMEOUT = 15_000;

/** The settings of the deployment that decisions depend on. */
export interface ExplainRules {
  readonly policy: Policy;
  readonly usage: UsageRules;
}

/**
 * Reads an instance and, if possible, the account defaults of its Region and its IMDSv1 usage.
 *
 * @throws UsageError if the instance is in none of the Regions.
 */
export async function readFacts(instanceId: string, rules: ExplainRules, aws: Aws, io: Io): Promise<Facts> {
  const time = cliTime(io, TIMEOUT);
  const { region, snapshot } = await find(instanceId, aws, time, io);
  const [defaults, usage] = await Promise.all([
    orProblem(() => withRetries(() => readDefaults(aws.ec2(region)), time)),
    orProblem(() => usageIn(region, snapshot, rules.usage, aws, time)),
  ]);
  return { region, snapshot, defaults, usage, policy: rules.policy, at: io.now() };
}

async function find(instanceId: string, aws: Aws, time: Time, io: Io): Promise<Pick<Facts, 'region' | 'snapshot'>> {
  const regions = [...new Set(await aws.regions())];
  const reader = ec2Reader(aws.ec2);
  const read = await pMap(
    regions,
    async (region) => ({
      region,
      found: await attempt(() => withRetries(() => reader.describe(region, [instanceId]), time)),
    }),
    { concurrency: REGIONS_AT_ONCE },
  );
  const failures = read.filter(({ found }) => found instanceof FailureError);
  for (const { region, found } of read) {
    const [snapshot] = found instanceof FailureError ? [] : found;
    if (snapshot !== undefined) return { region, snapshot };
  }
  const [{ found: first } = { found: undefined }] = failures;
  if (first instanceof FailureError && failures.length === regions.length) throw first;
  for (const { region, found } of failures) io.note(`${region} could not be read: ${explainError(found)}`);
  const more = regions.length === 1 ? '; use --regions all to search every Region' : '';
  throw new UsageError(`instance ${instanceId} not found in ${regions.join(', ')}${more}`);
}

async function usageIn(region: string, snapshot: Snapshot, rules: UsageRules, aws: Aws, time: Time) {
  const now = time.now();
  const window = windowOf(now, rules);
  const { instanceId } = snapshot;
  const metric = countsRejectedCalls(snapshot) ? 'MetadataNoTokenRejected' : 'MetadataNoToken';
  const query = { region, metric, instanceIds: [instanceId], window } as const;
  const { measurements } = await measureUsage(query, usageReader(aws), time);
  const measurement = measurements.get(instanceId) ?? { points: [], complete: false };
  return usageOf(snapshot, measurement, window, rules, now);
}

async function orProblem<T>(read: () => Promise<T>): Promise<T | Unread> {
  const answer = await attempt(read);
  return answer instanceof FailureError ? { problem: explainError(answer) } : answer;
}
