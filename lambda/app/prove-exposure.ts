import { exposureBefore, needsProof, type OptionHistory, windowBefore } from '../core/exposure.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import type { Proof, Target } from '../core/target.ts';
import type { HistoryReader, Time } from './ports/index.ts';
import { attempt } from './retry.ts';

/** Instances per call: each has two metrics, and one call takes 500. */
const INSTANCES = 250;

const HOUR = 3_600_000;

/** Hours of calls that share a window, so that old messages of a queue do not make it longer. */
const SHARED_HOURS = 3;

/** CloudWatch keeps five-minute values for 63 days. */
const KEPT_DAYS = 63;

/**
 * Adds to targets what was proven about their instances right before the call, where the decision depends on it.
 *
 * Metrics are read once and without retries, so that a slow CloudWatch does not delay remediations: what cannot be read
 * is `unknown`. A launch depends on no metric.
 */
export async function withProofs(
  region: string,
  targets: readonly Target[],
  snapshots: ReadonlyMap<string, Snapshot>,
  { history, time }: { readonly history?: HistoryReader; readonly time: Time },
): Promise<readonly Target[]> {
  const open = targets.filter(({ instanceId, context }) => {
    const snapshot = snapshots.get(instanceId);
    return snapshot !== undefined && needsProof(snapshot, context);
  });
  const proofs = new Map<Target, Proof>();
  const oldest = time.now().getTime() - KEPT_DAYS * 24 * HOUR;
  const readable = open.filter(({ context }) => context.occurredAt.getTime() > oldest);
  for (const sharing of groupBy(readable, windowKeyOf).values()) {
    const histories = history === undefined ? new Map<string, OptionHistory>() : await read(region, sharing, history);
    for (const target of sharing) {
      const [snapshot, found] = [snapshots.get(target.instanceId), histories.get(target.instanceId)];
      if (snapshot === undefined || found === undefined) continue;
      proofs.set(target, exposureBefore(found, snapshot, target.context.occurredAt));
    }
  }
  const isOpen = new Set(open);
  return targets.map((target) => (isOpen.has(target) ? proven(target, proofs.get(target) ?? 'unknown') : target));
}

const windowKeyOf = ({ context }: Target): number => Math.floor(context.occurredAt.getTime() / (SHARED_HOURS * HOUR));

/** The histories of instances, as far as they can be read. */
async function read(
  region: string,
  targets: readonly Target[],
  reader: HistoryReader,
): Promise<ReadonlyMap<string, OptionHistory>> {
  const ids = [...new Set(targets.map(({ instanceId }) => instanceId))];
  const window = windowBefore(targets.map(({ context }) => context.occurredAt));
  const histories = new Map<string, OptionHistory>();
  for (let start = 0; start < ids.length; start += INSTANCES) {
    const part = await attempt(() => reader.history(region, ids.slice(start, start + INSTANCES), window));
    if (part instanceof FailureError) continue;
    for (const [id, found] of part) histories.set(id, found);
  }
  return histories;
}

const proven = (target: Target, before: Proof): Target => ({
  ...target,
  context: { ...target.context, recorded: { ...target.context.recorded, before } },
});
