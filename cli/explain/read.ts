import { readDefaults } from '../../lambda/adapters/ec2-defaults.ts';
import { assessUsage } from '../../lambda/app/assess-usage.ts';
import { withBootTime } from '../../lambda/app/boot-time.ts';
import { measureUsage } from '../../lambda/app/measure-usage.ts';
import { attempt, withRetries } from '../../lambda/app/retry.ts';
import type { Time } from '../../lambda/app/ports/index.ts';
import type { Policy } from '../../lambda/core/decide.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import { type Usage, usageOf, type UsageRules, windowOf } from '../../lambda/core/usage.ts';
import { NotingCallerReader, type InstanceCallers } from '../callers/read.ts';
import { type Aws, cliTime } from '../common/aws.ts';
import { explainError } from '../common/errors.ts';
import { findInstances, type FoundInstance } from '../common/find-instances.ts';
import type { Io } from '../common/io.ts';
import { usageReader } from '../common/usage.ts';

/** Why something could not be read. */
interface Unread {
  readonly problem: string;
}

/** What is known about an instance. */
export interface Facts {
  readonly region: string;
  readonly snapshot: Snapshot;
  readonly defaults: AccountDefaults | Unread;
  /** IMDSv1 calls: accepted ones, or rejected ones if IMDSv2 is required. */
  readonly usage: Usage | Unread;
  /** The software that called AWS with credentials of IMDSv1, in the newest calls. */
  readonly callers: InstanceCallers;
  readonly policy: Policy;
  readonly at: Date;
}

/** Whether something could not be read. */
export const isUnread = (fact: object): fact is Unread => 'problem' in fact;

/** Whether `usage` counts rejected calls: MetadataNoTokenRejected instead of MetadataNoToken. */
export const countsRejectedCalls = ({ options }: Snapshot): boolean => options.HttpTokens === 'required';

/** Milliseconds after which calls are not retried. */
const TIMEOUT = 15_000;

/** Pages of calls, which are read one per second. */
const CALL_PAGES = 3;

/**
 * Reads an instance and, if possible, the account defaults of its Region, its IMDSv1 usage and the callers.
 *
 * @throws UsageError if the instance is in none of the Regions.
 */
export async function readFacts(
  instanceId: string,
  policy: Policy,
  rules: UsageRules,
  aws: Aws,
  io: Io,
): Promise<Facts> {
  const time = cliTime(io, TIMEOUT);
  // One id, so one instance.
  const [{ region, snapshot }] = (await findInstances([instanceId], aws, io, { timeout: TIMEOUT })) as [FoundInstance];
  const reader = new NotingCallerReader(aws, io, { timeout: TIMEOUT });
  const [defaults, usage, callers] = await Promise.all([
    orProblem(() => withRetries(() => readDefaults(aws.ec2(region)), time)),
    orProblem(() => usageIn(region, snapshot, rules, aws, time)),
    reader.of({ region, instanceId, snapshot }, CALL_PAGES),
  ]);
  return { region, snapshot, defaults, usage, callers, policy, at: io.now() };
}

async function usageIn(region: string, snapshot: Snapshot, rules: UsageRules, aws: Aws, time: Time) {
  const { instanceId } = snapshot;
  const usage = usageReader(aws);
  if (!countsRejectedCalls(snapshot)) {
    const assessed = await assessUsage(region, [snapshot], rules, { usage, time });
    const marked = await withBootTime(region, [snapshot], assessed, rules, { usage, time });
    return marked.get(instanceId) ?? ({ kind: 'unknown', why: 'not-read' } as const);
  }
  const now = time.now();
  const window = windowOf(now, rules);
  const metric = 'MetadataNoTokenRejected';
  const query = { region, metric, dimension: 'InstanceId', names: [instanceId], window } as const;
  const { measurements } = await measureUsage(query, usage, time);
  const measurement = measurements.get(instanceId) ?? { points: [], complete: false };
  return usageOf(snapshot, measurement, window, rules, now);
}

async function orProblem<T>(read: () => Promise<T>): Promise<T | Unread> {
  const answer = await attempt(read);
  return answer instanceof FailureError ? { problem: explainError(answer) } : answer;
}
