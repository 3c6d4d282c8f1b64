import pMap from 'p-map';
import { decide, dependsOnGroup, isGated, type Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import type { Outcome } from '../core/outcome.ts';
import { needsProof } from '../core/exposure.ts';
import { strongest } from '../core/strongest.ts';
import type { Target } from '../core/target.ts';
import { toFinding } from '../triggers/finding.ts';
import { assessUsage, type GroupMeasurements } from './assess-usage.ts';
import { Pace } from './pace.ts';
import { withProofs } from './prove-exposure.ts';
import { attempt, withRetries } from './retry.ts';
import type { HistoryReader, Time, UsageReader, WorkQueue } from './ports/index.ts';
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
  readonly usage?: UsageReader & HistoryReader;
  /** What was measured in this invocation before. */
  readonly groups?: GroupMeasurements;
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

const isDrift = (events: readonly Target[]): boolean => events.some(({ context }) => context.trigger.drift === true);

/** Whether a target is about an exemption tag that was set. */
export const isGrant = ({ context }: Target): boolean => context.trigger.exemptionTag === 'set';

async function inAllRegions(
  targets: readonly Target[],
  policy: Policy,
  ports: RemediatePorts,
  paceIn: PaceIn,
): Promise<Outcome[]> {
  const byRegion = groupBy(targets, ({ region }) => region);
  const outcomes = await Promise.all(
    [...byRegion].map(([region, targetsInRegion]) => inRegion(region, targetsInRegion, policy, paceIn(region), ports)),
  );
  return outcomes.flat();
}

/** Identifies the instance of a target. */
export const keyOf = ({ region, instanceId }: Pick<Target, 'region' | 'instanceId'>): string =>
  `${region}/${instanceId}`;

/** Identifies the instances of outcomes. */
export const keysOf = (outcomes: readonly Outcome[]): ReadonlySet<string> =>
  new Set(outcomes.map(({ target }) => keyOf(target)));

/** The events of each instance. */
const byInstance = (targets: readonly Target[]): readonly [Target, ...Target[]][] =>
  [...groupBy(targets, ({ instanceId }) => instanceId).values()] as [Target, ...Target[]][];

/** Reads all instances in one describe and remediates those that EC2 returns. */
async function inRegion(
  region: string,
  targets: readonly Target[],
  policy: Policy,
  pace: Pace,
  ports: RemediatePorts,
): Promise<Outcome[]> {
  const { reader, time } = ports;
  if (time.now() >= time.deadline) {
    return byInstance(targets).map((events) => ({
      target: strongest(events, undefined, policy, time.now()),
      status: 'failed',
      reason: 'deadline',
      at: time.now(),
    }));
  }
  const ids = [...new Set(targets.map(({ instanceId }) => instanceId))];
  const described = await attempt(() => withRetries(() => reader.describe(region, ids), time));
  if (described instanceof FailureError) {
    return byInstance(targets).map((events) =>
      failed(strongest(events, undefined, policy, time.now()), described, time.now()),
    );
  }
  const snapshots = new Map(described.map((snapshot) => [snapshot.instanceId, snapshot]));
  const remediateAll = (instances: readonly (readonly [Target, ...Target[]])[]) =>
    pMap(
      instances,
      (events) => {
        const snapshot = snapshots.get(events[0].instanceId);
        const target = strongest(events, snapshot, policy, time.now());
        return snapshot === undefined
          ? outcomeOfMissing(target, time.now())
          : remediateInstance(target, snapshot, policy, pace, ports);
      },
      { concurrency: CONCURRENCY },
    );
  const isMeasured = (target: Target) => {
    const snapshot = snapshots.get(target.instanceId);
    return (
      snapshot !== undefined && (needsProof(snapshot, target.context) || isAssessed(target, snapshot, policy, time))
    );
  };
  // Drift first: it waits behind no launch.
  const instances = [...byInstance(targets)].sort((one, other) => Number(isDrift(other)) - Number(isDrift(one)));
  const measured = instances.filter((events) => events.some(isMeasured));
  // Instances whose decision depends on a measurement delay no other.
  const [others, delayed] = await Promise.all([
    remediateAll(instances.filter((events) => !measured.includes(events))),
    measure(region, measured.flat(), snapshots, policy, ports).then((all) => remediateAll(byInstance(all))),
  ]);
  const results = [...others, ...delayed];
  const recorded = await record(results.filter(isUnrecorded), ports);
  const outcomes = new Map([...results.filter(isOutcome), ...recorded].map((one) => [one.target.instanceId, one]));
  return ids.flatMap((id) => outcomes.get(id) ?? []);
}

/** Whether the decision depends on the usage. */
function isAssessed({ context }: Target, snapshot: Snapshot, policy: Policy, time: Pick<Time, 'now'>): boolean {
  const decision = decide(snapshot, context, policy, time.now());
  if (decision.kind === 'remediate') return context.usage === undefined && dependsOnGroup(snapshot, context, policy);
  // The metrics of an event are read once, and a change that exposed nothing new is left to the scan.
  return context.recorded?.before === undefined && isGated(decision);
}

/**
 * Adds to targets what metrics say: what was before a call, and the usage. If that fails, both stay unknown, and
 * instances that depend on their usage need review.
 */
async function measure(
  region: string,
  targets: readonly Target[],
  snapshots: ReadonlyMap<string, Snapshot>,
  policy: Policy,
  { usage, time, groups }: RemediatePorts,
): Promise<readonly Target[]> {
  if (targets.length === 0) return targets;
  const proven = await withProofs(region, targets, snapshots, { history: usage, time });
  const gated = proven.flatMap((target) => {
    const snapshot = snapshots.get(target.instanceId);
    return snapshot !== undefined && isAssessed(target, snapshot, policy, time) ? [snapshot] : [];
  });
  if (usage === undefined || gated.length === 0) return proven;
  const assessed = await attempt(() => assessUsage(region, [...new Set(gated)], policy.usage, { usage, time, groups }));
  if (assessed instanceof FailureError) return proven;
  return proven.map((target) => {
    const found = assessed.get(target.instanceId);
    return found === undefined ? target : { ...target, context: { ...target.context, usage: found } };
  });
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
