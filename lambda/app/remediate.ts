import pMap from 'p-map';
import { decide, isGated, type Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { groupBy } from '../core/group-by.ts';
import type { Snapshot } from '../core/instance.ts';
import type { Outcome } from '../core/outcome.ts';
import { recordsImdsv1Enabled, type Target } from '../core/target.ts';
import type { Usage } from '../core/usage.ts';
import { toFinding } from '../triggers/finding.ts';
import { Pace } from './pace.ts';
import { attempt, withRetries } from './retry.ts';
import type { UsageReader, WorkQueue } from './ports.ts';
import { type ChangePace, settle, type SettlePorts, type Recorded, unseen } from './settle.ts';
import { usageIn } from './usage.ts';

/** How many instances are worked on at once. Pace, not this, is what keeps to EC2's limit. */
const CONCURRENCY = 10;

/**
 * Pauses between looks at instances that EC2 does not show yet, in seconds, where nobody else looks again.
 * https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
const PAUSES = [1, 2, 4, 8, 16];

/** What it takes to bring instances to an outcome. */
export type RemediatePorts = SettlePorts & {
  readonly queue: Pick<WorkQueue, 'putFindings'>;
  /** Absent where the account does not ask for it: nothing is measured then. */
  readonly usage?: UsageReader;
};

/** The pace of changes in a region. */
export type PaceIn = (region: string) => ChangePace;

/**
 * Brings every instance to an outcome, one for each. The failure of one is data and does not stop the others.
 *
 * A grant in the batch has an outcome of its own: it changes nothing, so it must not stand for an event that does, and it is
 * told with its caller, so no other event may stand for it.
 *
 * @param paceIn by default all that EC2 allows an account, for this call alone.
 * @param pauses between looks at what EC2 does not show yet; none where it can be handed back.
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
  const outcomes = await Promise.all([others, grants].map((group) => everywhere(group, policy, ports, paceIn, pauses)));
  return outcomes.flat();
}

const isGrant = ({ context }: Target): boolean => context.trigger === 'grant';

async function everywhere(
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

/** What makes two targets the same instance. */
export const keyOf = ({ region, instanceId }: Pick<Target, 'region' | 'instanceId'>): string =>
  `${region}/${instanceId}`;

/** Duplicates in a batch are one instance; the target whose record says most stands for them. */
function oneForEach(targets: readonly Target[]): Target[] {
  const best = new Map<string, Target>();
  for (const target of targets) {
    const other = best.get(keyOf(target));
    if (other === undefined || weightOf(target) > weightOf(other)) best.set(keyOf(target), target);
  }
  return [...best.values()];
}

/** Least says a call that took all tags: it must not stand for an event that closes whatever the account chose. */
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
    // Where time can be up early, what was done before is told all the same.
    if (pause > 0 && (await attempt(() => time.sleep(pause * 1000))) instanceof FailureError) break;
    for (const outcome of await look(region, pending, policy, pace, ports)) {
      outcomes.set(outcome.target.instanceId, outcome);
    }
    pending = pending.filter(({ instanceId }) => comesLater(outcomes.get(instanceId)));
  }
  return targets.map((target) => outcomes.get(target.instanceId) ?? outOfTime(target, time.now()));
}

const comesLater = (outcome: Outcome | undefined): boolean =>
  outcome?.reason === 'not-visible' || outcome?.reason === 'not-ready';

const outOfTime = (target: Target, at: Date): Outcome => ({ target, status: 'failed', reason: 'deadline', at });

/** Reads all targets once, in one describe, and settles those that EC2 shows. */
async function look(
  region: string,
  targets: readonly Target[],
  policy: Policy,
  pace: ChangePace,
  ports: RemediatePorts,
): Promise<Outcome[]> {
  const { reader, time } = ports;
  const ids = targets.map(({ instanceId }) => instanceId);
  const read = await attempt(() => withRetries(() => reader.describe(region, ids), time));
  if (read instanceof FailureError) return targets.map((target) => failed(target, read, time.now()));
  const snapshots = new Map(read.map((snapshot) => [snapshot.instanceId, snapshot]));
  const usages = await usageOfGated(region, targets, snapshots, policy, ports);
  const settled = await pMap(
    targets.map((target) => withUsage(target, usages.get(target.instanceId))),
    (target) => {
      const snapshot = snapshots.get(target.instanceId);
      return snapshot === undefined ? unseen(target, time.now()) : settle(target, snapshot, policy, pace, ports);
    },
    { concurrency: CONCURRENCY },
  );
  const handedOn = await handOn(settled.filter(isRecorded), ports);
  return [...settled.filter(isOutcome), ...handedOn];
}

/**
 * Measures those that the decision holds for want of it. Where it cannot be measured they stay held: what still uses IMDSv1 is not
 * known then.
 */
async function usageOfGated(
  region: string,
  targets: readonly Target[],
  snapshots: ReadonlyMap<string, Snapshot>,
  policy: Policy,
  { usage, time }: RemediatePorts,
): Promise<ReadonlyMap<string, Usage>> {
  if (usage === undefined) return new Map();
  const gated = targets.flatMap(({ instanceId, context }) => {
    const snapshot = snapshots.get(instanceId);
    return snapshot && isGated(decide(snapshot, context, policy, time.now())) ? [snapshot] : [];
  });
  if (gated.length === 0) return new Map();
  const measured = await attempt(() => usageIn(region, gated, policy.usage, { usage, time }));
  return measured instanceof FailureError ? new Map() : measured;
}

const withUsage = (target: Target, usage: Usage | undefined): Target =>
  usage === undefined ? target : { ...target, context: { ...target.context, usage } };

/** Keeps the findings, so that they come back as records that lead to the change. */
async function handOn(recorded: readonly Recorded[], { queue, time }: RemediatePorts): Promise<Outcome[]> {
  if (recorded.length === 0) return [];
  const findings = recorded.map(({ target, snapshot }) => toFinding(target, snapshot.options));
  const kept = await attempt(() => withRetries(() => queue.putFindings(findings), time));
  if (kept instanceof FailureError) return recorded.map(({ target }) => failed(target, kept, time.now()));
  return recorded.map(({ target, snapshot }) => ({
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

const isOutcome = (settled: Outcome | Recorded): settled is Outcome => 'status' in settled;
const isRecorded = (settled: Outcome | Recorded): settled is Recorded => !isOutcome(settled);
