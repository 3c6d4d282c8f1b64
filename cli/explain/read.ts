import { readDefaults } from '../../lambda/adapters/ec2-defaults.ts';
import { ec2Reader } from '../../lambda/adapters/ec2-instances.ts';
import { measure } from '../../lambda/app/measure.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import type { Time } from '../../lambda/app/ports.ts';
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
import { type Facts, refusesCalls, type Unread } from './explanation.ts';

/** Milliseconds after which a service that does not answer is not asked again. */
const PATIENCE = 15_000;

/** The rules to explain by. */
export interface ExplainRules {
  readonly policy: Policy;
  readonly usage: UsageRules;
}

/**
 * Reads what there is to know about an instance. What is not needed for the decision may be missing.
 *
 * @throws UsageError if no region shows the instance.
 */
export async function readFacts(instanceId: string, rules: ExplainRules, aws: Aws, io: Io): Promise<Facts> {
  const time = cliTime(io, PATIENCE);
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
      seen: await attempt(() => withRetries(() => reader.describe(region, [instanceId]), time)),
    }),
    { concurrency: REGIONS_AT_ONCE },
  );
  const failures = read.filter(({ seen }) => seen instanceof FailureError);
  for (const { region, seen } of read) {
    const [snapshot] = seen instanceof FailureError ? [] : seen;
    if (snapshot !== undefined) return { region, snapshot };
  }
  const [{ seen: first } = { seen: undefined }] = failures;
  if (first instanceof FailureError && failures.length === regions.length) throw first;
  for (const { region, seen } of failures) io.note(`${region} could not be read: ${explainError(seen)}`);
  const more = regions.length === 1 ? '; --regions all looks in every region' : '';
  throw new UsageError(`EC2 shows no ${instanceId} in ${regions.join(', ')}${more}`);
}

async function usageIn(region: string, snapshot: Snapshot, rules: UsageRules, aws: Aws, time: Time) {
  const now = time.now();
  const window = windowOf(now, rules);
  const { instanceId } = snapshot;
  const metric = refusesCalls(snapshot) ? 'MetadataNoTokenRejected' : 'MetadataNoToken';
  const question = { region, metric, instanceIds: [instanceId], window } as const;
  const { measurements } = await measure(question, usageReader(aws), time);
  const measurement = measurements.get(instanceId) ?? { points: [], complete: false };
  return usageOf(snapshot, measurement, window, rules, now);
}

async function orProblem<T>(read: () => Promise<T>): Promise<T | Unread> {
  const answer = await attempt(read);
  return answer instanceof FailureError ? { problem: explainError(answer) } : answer;
}
