import { type WorkloadImpact, judgeAfterChange, toWorkloadImpactMessages } from '../core/workload-impact.ts';
import type { AlertOptions } from '../core/email.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Measurement } from '../core/usage.ts';
import type { PostChangeCheck } from '../triggers/post-change-check.ts';
import { measure } from './measure.ts';
import { attempt, withRetries } from './retry.ts';
import type { Ports } from './ports.ts';
import { keyOf } from './remediate.ts';
import { send } from './report.ts';

type CheckPorts = Pick<Ports, 'reader' | 'usage' | 'queue' | 'publisher' | 'telemetry' | 'time'>;

/** The period of EC2's metrics under basic monitoring. */
const PERIOD_SECONDS = 300;

/**
 * Looks after instances that were closed a while ago, all of a region in one go: tells what broke, and keeps the others for a
 * later look. What fails in one region stops no other.
 *
 * @returns those that must be looked after again: for the others that would be one look too many.
 */
export async function checkAfterChange(
  checks: readonly PostChangeCheck[],
  options: AlertOptions,
  ports: CheckPorts,
): Promise<readonly PostChangeCheck[]> {
  const again: PostChangeCheck[] = [];
  for (const checksInRegion of groupBy(checks, ({ account, region }) => `${account} ${region}`).values()) {
    const missed = await attempt(() => checkRegion(checksInRegion, options, ports));
    if (missed instanceof FailureError) ports.telemetry.warning('what was closed could not be looked after', missed);
    again.push(...(missed instanceof FailureError ? checksInRegion : missed));
  }
  return again;
}

async function checkRegion(
  checks: readonly PostChangeCheck[],
  options: AlertOptions,
  ports: CheckPorts,
): Promise<readonly PostChangeCheck[]> {
  const { reader, queue, telemetry, time } = ports;
  const latest = latestOf(checks);
  const [{ account, region } = { account: '', region: '' }] = latest;
  const ids = latest.map(({ instanceId }) => instanceId);
  const read = await withRetries(() => reader.describe(region, ids), time);
  const snapshots = new Map(read.map((snapshot) => [snapshot.instanceId, snapshot]));
  const refused = await refusals(region, latest, ports);
  const impacts: (WorkloadImpact & { readonly check: PostChangeCheck })[] = [];
  const later: PostChangeCheck[] = [];
  for (const check of latest) {
    const snapshot = snapshots.get(check.instanceId);
    if (snapshot === undefined) continue;
    const rejected = countSince(refused.get(check.instanceId), check.remediatedAt);
    const verdict = judgeAfterChange(snapshot, rejected, check.checksDone);
    if (verdict === 'tell') impacts.push({ snapshot, remediatedAt: check.remediatedAt, rejected, check });
    if (verdict === 'later') later.push(check);
  }
  const again: PostChangeCheck[] = [];
  const failed = (error: FailureError, those: readonly PostChangeCheck[]) => {
    telemetry.warning('what was closed could not be looked after', error);
    again.push(...those);
  };
  if (later.length > 0) {
    const next = later.map((check) => ({ ...check, checksDone: check.checksDone + 1 }));
    const kept = await attempt(() => withRetries(() => queue.putChecks(next), time));
    if (kept instanceof FailureError) failed(kept, later);
  }
  if (impacts.length > 0) {
    const messages = toWorkloadImpactMessages(account, region, impacts, options);
    const notified = await attempt(() => Promise.all(messages.map((message) => send(message, ports))));
    const impactedChecks = impacts.map(({ check }) => check);
    if (notified instanceof FailureError) failed(notified, impactedChecks);
    else {
      const count = impacts.filter(({ rejected }) => rejected > 0).length;
      if (count > 0) telemetry.rejected(count);
    }
  }
  return again;
}

/** One for each instance, for a message can come twice: the one that was closed last, and of that the one that is furthest. */
function latestOf(checks: readonly PostChangeCheck[]): PostChangeCheck[] {
  const latest = new Map<string, PostChangeCheck>();
  for (const check of checks) {
    const other = latest.get(keyOf(check));
    const newer = other === undefined ? 1 : check.remediatedAt.getTime() - other.remediatedAt.getTime();
    if (other === undefined || newer > 0 || (newer === 0 && check.checksDone > other.checksDone))
      latest.set(keyOf(check), check);
  }
  return [...latest.values()];
}

/** What was refused since the first of them was closed. Where nobody may read that, the look at the options is left. */
async function refusals(
  region: string,
  checks: readonly PostChangeCheck[],
  { usage, telemetry, time }: CheckPorts,
): Promise<ReadonlyMap<string, Measurement>> {
  const first = checks.reduce((earliest, { remediatedAt }) => Math.min(earliest, remediatedAt.getTime()), Infinity);
  const window = { from: new Date(startOfPeriod(first)), to: time.now(), periodSeconds: PERIOD_SECONDS };
  const instanceIds = checks.map(({ instanceId }) => instanceId);
  const question = { region, metric: 'MetadataNoTokenRejected', instanceIds, window } as const;
  const measured = await attempt(() => measure(question, usage, time));
  if (!(measured instanceof FailureError)) return measured.measurements;
  if (measured.kind !== 'denied') throw measured;
  telemetry.warning(`what is refused in ${region} could not be read`, measured);
  return new Map();
}

function countSince(measurement: Measurement | undefined, remediatedAt: Date): number {
  const from = startOfPeriod(remediatedAt.getTime());
  const points = (measurement?.points ?? []).filter(({ at }) => at.getTime() >= from);
  return points.reduce((sum, { count }) => sum + count, 0);
}

const startOfPeriod = (time: number): number => Math.floor(time / (PERIOD_SECONDS * 1000)) * PERIOD_SECONDS * 1000;
