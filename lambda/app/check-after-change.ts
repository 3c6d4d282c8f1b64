import { type Broken, careFor, toBrokenMessages } from '../core/workload-impact.ts';
import type { AlertOptions } from '../core/email.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Measurement } from '../core/usage.ts';
import type { Watch } from '../triggers/post-change-check.ts';
import { measure } from './measure.ts';
import { attempt, persist } from './retry.ts';
import type { Ports } from './ports.ts';
import { keyOf } from './remediate.ts';
import { send } from './report.ts';

type LookPorts = Pick<Ports, 'reader' | 'usage' | 'queue' | 'publisher' | 'journal' | 'time'>;

/** The period of EC2's metrics under basic monitoring. */
const PERIOD_SECONDS = 300;

/**
 * Looks after instances that were closed a while ago, all of a region in one go: tells what broke, and keeps the others for a
 * later look. What fails in one region stops no other.
 *
 * @returns those that must be looked after again: for the others that would be one look too many.
 */
export async function lookAfter(
  watches: readonly Watch[],
  options: AlertOptions,
  ports: LookPorts,
): Promise<readonly Watch[]> {
  const again: Watch[] = [];
  for (const there of groupBy(watches, ({ account, region }) => `${account} ${region}`).values()) {
    const missed = await attempt(() => lookAround(there, options, ports));
    if (missed instanceof FailureError) ports.journal.warning('what was closed could not be looked after', missed);
    again.push(...(missed instanceof FailureError ? there : missed));
  }
  return again;
}

async function lookAround(
  watches: readonly Watch[],
  options: AlertOptions,
  ports: LookPorts,
): Promise<readonly Watch[]> {
  const { reader, queue, journal, time } = ports;
  const latest = latestOf(watches);
  const [{ account, region } = { account: '', region: '' }] = latest;
  const ids = latest.map(({ instanceId }) => instanceId);
  const read = await persist(() => reader.describe(region, ids), time);
  const snapshots = new Map(read.map((snapshot) => [snapshot.instanceId, snapshot]));
  const refused = await refusals(region, latest, ports);
  const broken: (Broken & { readonly watch: Watch })[] = [];
  const later: Watch[] = [];
  for (const watch of latest) {
    const snapshot = snapshots.get(watch.instanceId);
    if (snapshot === undefined) continue;
    const rejected = countSince(refused.get(watch.instanceId), watch.closedAt);
    const care = careFor(snapshot, rejected, watch.asked);
    if (care === 'tell') broken.push({ snapshot, closedAt: watch.closedAt, rejected, watch });
    if (care === 'later') later.push(watch);
  }
  const again: Watch[] = [];
  const failed = (error: FailureError, those: readonly Watch[]) => {
    journal.warning('what was closed could not be looked after', error);
    again.push(...those);
  };
  if (later.length > 0) {
    const next = later.map((watch) => ({ ...watch, asked: watch.asked + 1 }));
    const kept = await attempt(() => persist(() => queue.putWatches(next), time));
    if (kept instanceof FailureError) failed(kept, later);
  }
  if (broken.length > 0) {
    const messages = toBrokenMessages(account, region, broken, options);
    const told = await attempt(() => Promise.all(messages.map((message) => send(message, ports))));
    const theirs = broken.map(({ watch }) => watch);
    if (told instanceof FailureError) failed(told, theirs);
    else {
      const count = broken.filter(({ rejected }) => rejected > 0).length;
      if (count > 0) journal.rejected(count);
    }
  }
  return again;
}

/** One for each instance, for a message can come twice: the one that was closed last, and of that the one that is furthest. */
function latestOf(watches: readonly Watch[]): Watch[] {
  const latest = new Map<string, Watch>();
  for (const watch of watches) {
    const other = latest.get(keyOf(watch));
    const newer = other === undefined ? 1 : watch.closedAt.getTime() - other.closedAt.getTime();
    if (other === undefined || newer > 0 || (newer === 0 && watch.asked > other.asked)) latest.set(keyOf(watch), watch);
  }
  return [...latest.values()];
}

/** What was refused since the first of them was closed. Where nobody may read that, the look at the options is left. */
async function refusals(
  region: string,
  watches: readonly Watch[],
  { usage, journal, time }: LookPorts,
): Promise<ReadonlyMap<string, Measurement>> {
  const first = watches.reduce((earliest, { closedAt }) => Math.min(earliest, closedAt.getTime()), Infinity);
  const window = { from: new Date(startOfPeriod(first)), to: time.now(), periodSeconds: PERIOD_SECONDS };
  const instanceIds = watches.map(({ instanceId }) => instanceId);
  const question = { region, metric: 'MetadataNoTokenRejected', instanceIds, window } as const;
  const measured = await attempt(() => measure(question, usage, time));
  if (!(measured instanceof FailureError)) return measured.measurements;
  if (measured.kind !== 'denied') throw measured;
  journal.warning(`what is refused in ${region} could not be read`, measured);
  return new Map();
}

function countSince(measurement: Measurement | undefined, closedAt: Date): number {
  const from = startOfPeriod(closedAt.getTime());
  const points = (measurement?.points ?? []).filter(({ at }) => at.getTime() >= from);
  return points.reduce((sum, { count }) => sum + count, 0);
}

const startOfPeriod = (time: number): number => Math.floor(time / (PERIOD_SECONDS * 1000)) * PERIOD_SECONDS * 1000;
