import pMap from 'p-map';
import type { Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import { saysReachable, type Target } from '../core/target.ts';
import { toSighting } from '../triggers/sighting.ts';
import { Pace } from './pace.ts';
import { attempt, persist } from './persist.ts';
import type { Ports } from './ports.ts';
import { settle, type Sighted, unseen } from './settle.ts';

/** How many instances are worked on at once. Pace, not this, is what keeps to EC2's limit. */
const CONCURRENCY = 10;

/**
 * Pauses between looks at instances that EC2 does not show yet, in seconds; then Lambda's own retry takes over.
 * https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
const PAUSES = [1, 2, 4, 8, 16];

/** Brings every instance to an outcome, one for each. The failure of one is data and does not stop the others. */
export async function remediate(targets: readonly Target[], policy: Policy, ports: Ports): Promise<Outcome[]> {
  const byRegion = Map.groupBy(oneForEach(targets), ({ region }) => region);
  const outcomes = await Promise.all([...byRegion].map(([region, there]) => inRegion(region, there, policy, ports)));
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
    const saysMore =
      other !== undefined && !saysReachable(other.context.recorded) && saysReachable(target.context.recorded);
    if (other === undefined || saysMore) best.set(keyOf(target), target);
  }
  return [...best.values()];
}

async function inRegion(region: string, targets: readonly Target[], policy: Policy, ports: Ports): Promise<Outcome[]> {
  const { time } = ports;
  const pace = new Pace(time);
  const outcomes = new Map<string, Outcome>();
  let waiting = targets;
  for (const pause of [0, ...PAUSES]) {
    if (waiting.length === 0 || time.now().getTime() + pause * 1000 >= time.deadline.getTime()) break;
    if (pause > 0) await time.sleep(pause * 1000);
    for (const outcome of await look(region, waiting, policy, pace, ports)) {
      outcomes.set(outcome.target.instanceId, outcome);
    }
    waiting = waiting.filter(({ instanceId }) => comesLater(outcomes.get(instanceId)));
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
  pace: Pace,
  ports: Ports,
): Promise<Outcome[]> {
  const { reader, time } = ports;
  const ids = targets.map(({ instanceId }) => instanceId);
  const read = await attempt(() => persist(() => reader.describe(region, ids), time));
  if (read instanceof FailureError) return targets.map((target) => failed(target, read, time.now()));
  const snapshots = new Map(read.map((snapshot) => [snapshot.instanceId, snapshot]));
  const settled = await pMap(
    targets,
    (target) => {
      const snapshot = snapshots.get(target.instanceId);
      return snapshot === undefined ? unseen(target, time.now()) : settle(target, snapshot, policy, pace, ports);
    },
    { concurrency: CONCURRENCY },
  );
  const handedOn = await handOn(settled.filter(isSighted), ports);
  return [...settled.filter(isOutcome), ...handedOn];
}

/** Keeps the sightings, so that they come back as records that lead to the change. */
async function handOn(sighted: readonly Sighted[], { queue, time }: Ports): Promise<Outcome[]> {
  if (sighted.length === 0) return [];
  const sightings = sighted.map(({ target, snapshot }) => toSighting(target, snapshot.options));
  const kept = await attempt(() => persist(() => queue.putSightings(sightings), time));
  if (kept instanceof FailureError) return sighted.map(({ target }) => failed(target, kept, time.now()));
  return sighted.map(({ target, snapshot }) => ({
    target,
    snapshot,
    status: 'skipped',
    reason: 'sighted',
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

const isOutcome = (settled: Outcome | Sighted): settled is Outcome => 'status' in settled;
const isSighted = (settled: Outcome | Sighted): settled is Sighted => !isOutcome(settled);
