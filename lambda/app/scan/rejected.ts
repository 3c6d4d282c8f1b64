import type { Digest } from '../../core/digest.ts';
import { FailureError } from '../../core/failure.ts';
import type { UsageWindow } from '../../core/usage.ts';
import { measureUsage } from '../measure-usage.ts';
import { toCandidate } from '../../core/rollout.ts';
import type { InstanceReader, RejectionReader, Telemetry, Time, UsageReader } from '../ports/index.ts';
import { attempt, withRetries } from '../retry.ts';

const HOUR = 3_600_000;

/** What reading rejected calls needs from the outside. */
interface RejectedPorts {
  readonly usage: UsageReader & RejectionReader;
  readonly telemetry: Pick<Telemetry, 'warning'>;
  readonly time: Time;
}

/** Reads the rejected IMDSv1 calls of the last day; `undefined` if that fails. */
export async function mostRejectedIn(
  region: string,
  { usage, telemetry, time }: RejectedPorts,
): Promise<Digest['rejected']> {
  const to = new Date(Math.ceil(time.now().getTime() / HOUR) * HOUR);
  const window: UsageWindow = { from: new Date(to.getTime() - 24 * HOUR), to, periodSeconds: 3600 };
  const read = await attempt(() => withRetries(() => usage.mostRejected(region, window), time));
  if (read instanceof FailureError) {
    telemetry.warning(`rejected IMDSv1 calls in ${region} could not be read`, read);
    return undefined;
  }
  const had = await imdsv1InLastDays(region, [...read.keys()], { usage, telemetry, time });
  return new Map([...read].map(([id, calls]) => [id, { calls, hadImdsv1: had.get(id) }]));
}

/** CloudWatch keeps five-minute values for 63 days, and values of a day are sums of them. */
const KEPT_DAYS = 63;

/**
 * Whether IMDSv1 was enabled on instances within the last 63 days: then `MetadataNoToken` has points, zeros included.
 * An instance is absent if that could not be read.
 */
async function imdsv1InLastDays(
  region: string,
  instanceIds: readonly string[],
  { usage, telemetry, time }: RejectedPorts,
): Promise<ReadonlyMap<string, boolean>> {
  if (instanceIds.length === 0) return new Map();
  const to = Math.ceil(time.now().getTime() / HOUR) * HOUR;
  const window: UsageWindow = { from: new Date(to - KEPT_DAYS * 24 * HOUR), to: new Date(to), periodSeconds: 86_400 };
  const names = instanceIds;
  const question = { region, metric: 'MetadataNoToken', dimension: 'InstanceId', names, window } as const;
  const measured = await attempt(() => measureUsage(question, usage, time));
  if (measured instanceof FailureError) {
    telemetry.warning(`IMDSv1 of the last ${KEPT_DAYS} days in ${region} could not be read`, measured);
    return new Map();
  }
  const known = [...measured.measurements].filter(([, { points, complete }]) => complete || points.length > 0);
  return new Map(known.map(([id, { points }]) => [id, points.length > 0]));
}

/**
 * The launch sources with an instance that requires IMDSv2, had IMDSv1 enabled before, and rejects calls.
 *
 * @throws FailureError if such instances cannot be read.
 */
export async function fleetsWithRejectedCalls(
  region: string,
  ports: RejectedPorts & { readonly reader: InstanceReader },
): Promise<ReadonlySet<string>> {
  const rejected = await mostRejectedIn(region, ports);
  const ids = [...(rejected ?? [])].flatMap(([id, { hadImdsv1 }]) => (hadImdsv1 === false ? [] : [id]));
  if (ids.length === 0) return new Set();
  const affected = await withRetries(() => ports.reader.describe(region, ids), ports.time);
  const required = affected.filter(({ options }) => options.HttpTokens === 'required');
  return new Set(required.flatMap((snapshot) => toCandidate(snapshot).fleet ?? []));
}
