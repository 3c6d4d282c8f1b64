import pMap from 'p-map';
import { decide, isGated, type Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import type { Outcome } from '../core/outcome.ts';
import { recordsImdsv1Enabled, type Target } from '../core/target.ts';
import { toFinding } from '../triggers/finding.ts';
import { assessUsage } from './assess-usage.ts';
import { Pace } from './pace.ts';
import { attempt, withRetries } from './retry.ts';
import type { UsageReader, WorkQueue } from './ports/index.ts';
import {
  outcomeOfMissing,
  remediateInstance,
  type RemediateInstancePorts,
  type Unrecorded,
} from './remediate-instance.ts';

/** Instances in progress at the same time. `Pace`, not this, keeps to EC2's request quota. */
const CONCURRENCY = 10;

/** What a remediation needs from the outside. */
export type RemediatePorts = RemediateInstancePorts & {
  readonly queue: Pick<WorkQueue, 'putFindings'>;
  /** Absent if usage is not to be measured; instances that depend on it then need review. */
  readonly usage?: UsageReader;
};

/** The pace of changes in a region. */
export type PaceIn = (region: string) => Pace;

/**
 * Evaluates and remediates instances. Returns one outcome for each, also if its remediation failed.
 *
 * A grant in the batch has an outcome of its own: it changes nothing, so it must not replace an event that does; and it
 * is notified with its caller, so no other event may replace it.
 *
 * @param paceIn by default the full request quota of the account, for this call alone.
 */
export async function remediate(
  targets: readonly Target[],
  policy: Policy,
  ports: RemediatePorts,
  paceIn: PaceIn = () => new Pace(ports.time),
): Promise<Outcome[]> {
  const grants = targets.filter(isGrant);
  const others = targets.filter((target) => !isGrant(target));
  const outcomes = await Promise.all([others, grants].map((group) => inAllRegions(group, policy, ports, paceIn)));
  return outcomes.flat();
}

const isGrant = ({ context }: Target): boolean => context.trigger.exemptionTag === 'set';

async function inAllRegions(
  targets: readonly Target[],
  policy: Policy,
  ports: RemediatePorts,
  paceIn: PaceIn,
): Promise<Outcome[]> {
  const byRegion = groupBy(oneForEach(targets), ({ region }) => region);
  const outcomes = await Promise.all(
    [...byRegion].map(([region, targetsInRegion]) => inRegion(region, targetsInRegion, policy, paceIn(region), ports)),
  );
  return outcomes.flat();
}

/** Identifies the instance of a target. */
export const keyOf = ({ region, instanceId }: Pick<Target, 'region' | 'instanceId'>): string =>
  `${region}/${instanceId}`;

/** Keeps one target for each instance: the one with the strongest record. */
function oneForEach(targets: readonly Target[]): Target[] {
  const best = new Map<string, Target>();
  for (const target of targets) {
    const other = best.get(keyOf(target));
    if (other === undefined || weightOf(target) > weightOf(other)) best.set(keyOf(target), target);
  }
  return [...best.values()];
}

/** A call that removed all tags is the weakest: it must not replace an event that remediates whatever `existing` is. */
const weightOf = ({ context: { recorded } }: Target): number =>
  recorded?.allTags === true ? 0 : recordsImdsv1Enabled(recorded) ? 2 : 1;

/** Reads all targets in one describe and remediates those that EC2 returns. */
async function inRegion(
  region: string,
  targets: readonly Target[],
  policy: Policy,
  pace: Pace,
  ports: RemediatePorts,
): Promise<Outcome[]> {
  const { reader, time } = ports;
  if (time.now() >= time.deadline) {
    return targets.map((target) => ({ target, status: 'failed', reason: 'deadline', at: time.now() }));
  }
  const ids = targets.map(({ instanceId }) => instanceId);
  const described = await attempt(() => withRetries(() => reader.describe(region, ids), time));
  if (described instanceof FailureError) return targets.map((target) => failed(target, described, time.now()));
  const snapshots = new Map(described.map((snapshot) => [snapshot.instanceId, snapshot]));
  const remediateAll = (group: readonly Target[]) =>
    pMap(
      group,
      (target) => {
        const snapshot = snapshots.get(target.instanceId);
        return snapshot === undefined
          ? outcomeOfMissing(target, time.now())
          : remediateInstance(target, snapshot, policy, pace, ports);
      },
      { concurrency: CONCURRENCY },
    );
  const isGatedTarget = ({ instanceId, context }: Target) => {
    const snapshot = snapshots.get(instanceId);
    return snapshot !== undefined && isGated(decide(snapshot, context, policy, time.now()));
  };
  // Instances whose decision depends on a measurement delay no other.
  const [ungated, gated] = await Promise.all([
    remediateAll(targets.filter((target) => !isGatedTarget(target))),
    assess(region, targets.filter(isGatedTarget), snapshots, policy, ports).then(remediateAll),
  ]);
  const results = [...ungated, ...gated];
  const recorded = await record(results.filter(isUnrecorded), ports);
  const outcomes = new Map([...results.filter(isOutcome), ...recorded].map((one) => [one.target.instanceId, one]));
  return ids.flatMap((id) => outcomes.get(id) ?? []);
}

/** Adds measured usage to targets. If that fails, usage stays unknown and the instances need review. */
async function assess(
  region: string,
  targets: readonly Target[],
  snapshots: ReadonlyMap<string, Snapshot>,
  policy: Policy,
  { usage, time }: RemediatePorts,
): Promise<readonly Target[]> {
  if (usage === undefined || targets.length === 0) return targets;
  const instances = targets.flatMap(({ instanceId }) => snapshots.get(instanceId) ?? []);
  const assessed = await attempt(() => assessUsage(region, instances, policy.usage, { usage, time }));
  if (assessed instanceof FailureError) return targets;
  return targets.map((target) => ({
    ...target,
    context: { ...target.context, usage: assessed.get(target.instanceId) },
  }));
}

/** Sends findings to the work queue. They come back as records that allow the change. */
async function record(unrecorded: readonly Unrecorded[], { queue, time }: RemediatePorts): Promise<Outcome[]> {
  if (unrecorded.length === 0) return [];
  const findings = unrecorded.map(({ target, snapshot }) => toFinding(target, snapshot.options));
  const accepted = await attempt(() => queue.putFindings(findings));
  if (accepted instanceof FailureError) return unrecorded.map(({ target }) => failed(target, accepted, time.now()));
  return unrecorded.map(({ target, snapshot }) => ({
    target,
    snapshot,
    status: 'skipped',
    reason: 'recorded',
    at: time.now(),
  }));
}

const failed = (target: Target, { kind, message }: FailureError, at: Date): Outcome => ({
  target,
  status: 'failed',
  reason: kind,
  at,
  detail: message,
});

const isOutcome = (result: Outcome | Unrecorded): result is Outcome => 'status' in result;
const isUnrecorded = (result: Outcome | Unrecorded): result is Unrecorded => !isOutcome(result);
