import pMap from 'p-map';
import { decide, isGated, type Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import type { Outcome } from '../core/outcome.ts';
import { recordsImdsv1Enabled, type Target } from '../core/target.ts';
import { toFinding } from '../triggers/finding.ts';
import { assessUsage } from './assess-usage.ts';
import { type ChangePace, Pace } from './pace.ts';
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

/**
 * Seconds before each further look at instances that EC2 does not return yet, where they cannot be handed back.
 * https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
const PAUSES = [1, 2, 4, 8, 16];

/** What a remediation needs from the outside. */
export type RemediatePorts = RemediateInstancePorts & {
  readonly queue: Pick<WorkQueue, 'putFindings'>;
  /** Absent if usage is not to be measured; instances that depend on it then need review. */
  readonly usage?: UsageReader;
};

/** The pace of changes in a region. */
export type PaceIn = (region: string) => ChangePace;

/**
 * Evaluates and remediates instances. Returns one outcome for each, also if its remediation failed.
 *
 * A grant in the batch has an outcome of its own: it changes nothing, so it must not replace an event that does; and it
 * is notified with its caller, so no other event may replace it.
 *
 * @param paceIn by default the full request quota of the account, for this call alone.
 * @param pauses before further looks at instances that EC2 does not return yet; none where they can be handed back.
 */
export async function remediate(
  targets: readonly Target[],
  policy: Policy,
  ports: RemediatePorts,
  paceIn: PaceIn = () => new Pace(ports.time),
  pauses: readonly number[] = PAUSES,
): Promise<Outcome[]> {
  const grants = targets.filter(isGrant);
  const others = targets.filter((target) => !isGrant(target));
  const outcomes = await Promise.all(
    [others, grants].map((group) => inAllRegions(group, policy, ports, paceIn, pauses)),
  );
  return outcomes.flat();
}

const isGrant = ({ context }: Target): boolean => context.trigger.exemptionTag === 'set';

async function inAllRegions(
  targets: readonly Target[],
  policy: Policy,
  ports: RemediatePorts,
  paceIn: PaceIn,
  pauses: readonly number[],
): Promise<Outcome[]> {
  const byRegion = groupBy(oneForEach(targets), ({ region }) => region);
  const outcomes = await Promise.all(
    [...byRegion].map(([region, targetsInRegion]) =>
      inRegion(region, targetsInRegion, policy, paceIn(region), ports, pauses),
    ),
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

async function inRegion(
  region: string,
  targets: readonly Target[],
  policy: Policy,
  pace: ChangePace,
  ports: RemediatePorts,
  pauses: readonly number[],
): Promise<Outcome[]> {
  const { time } = ports;
  const outcomes = new Map<string, Outcome>();
  let pending = targets;
  for (const pause of [0, ...pauses]) {
    if (pending.length === 0 || time.now().getTime() + pause * 1000 >= time.deadline.getTime()) break;
    // The command line may stop early; the outcomes so far are still returned.
    if (pause > 0 && (await attempt(() => time.sleep(pause * 1000))) instanceof FailureError) break;
    for (const outcome of await remediateVisible(region, pending, policy, pace, ports)) {
      outcomes.set(outcome.target.instanceId, outcome);
    }
    pending = pending.filter(({ instanceId }) => mayChangeSoon(outcomes.get(instanceId)));
  }
  return targets.map((target) => outcomes.get(target.instanceId) ?? outOfTime(target, time.now()));
}

const mayChangeSoon = (outcome: Outcome | undefined): boolean =>
  outcome?.reason === 'not-visible' || outcome?.reason === 'not-ready';

const outOfTime = (target: Target, at: Date): Outcome => ({ target, status: 'failed', reason: 'deadline', at });

/** Reads all targets in one describe and remediates those that EC2 returns. */
async function remediateVisible(
  region: string,
  targets: readonly Target[],
  policy: Policy,
  pace: ChangePace,
  ports: RemediatePorts,
): Promise<Outcome[]> {
  const { reader, time } = ports;
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
  const [results, measured] = await Promise.all([
    remediateAll(targets.filter((target) => !isGatedTarget(target))),
    assess(region, targets.filter(isGatedTarget), snapshots, policy, ports).then(remediateAll),
  ]);
  results.push(...measured);
  const recorded = await record(results.filter(isUnrecorded), ports);
  return [...results.filter(isOutcome), ...recorded];
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
