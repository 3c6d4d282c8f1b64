import { decide, type Decision, type Policy } from '../core/decide.ts';
import { FailureError, type FailureKind } from '../core/failure.ts';
import type { MetadataOptions, Snapshot } from '../core/instance.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Context, recordsImdsv1Enabled, type Target } from '../core/target.ts';
import type { SharedPace } from './budget.ts';
import type { Pace } from './pace.ts';
import { attempt, withRetries } from './retry.ts';
import type { InstanceWriter, Ports, Time } from './ports.ts';

/** What it takes to settle an instance. */
export type SettlePorts = Pick<Ports, 'reader' | 'writer' | 'time'>;

/** An instance whose change must wait until the finding of it is kept. */
export interface Recorded {
  readonly target: Target;
  readonly snapshot: Snapshot;
}

/** What keeps to EC2's request rate; `isBehind` where changes can be handed back. */
export type ChangePace = Pick<Pace, 'take' | 'drain'> & Partial<SharedPace>;

/** How long after its event an id that EC2 does not show may still become visible. AWS says: up to some minutes. */
const YOUNG_MINUTES = 5;

/**
 * Brings one instance to its outcome: decides on what was just read and, where it comes to that, changes it.
 *
 * No change is made without a durable record that IMDSv1 was reachable (see docs/adr/0003). Where the event has none, the
 * instance comes back as recorded.
 */
export async function settle(
  target: Target,
  snapshot: Snapshot,
  policy: Policy,
  pace: ChangePace,
  ports: SettlePorts,
): Promise<Outcome | Recorded> {
  const now = ports.time.now();
  const decision = decide(snapshot, target.context, policy, now);
  if (decision.kind !== 'remediate') return untouched(target, snapshot, decision, now);
  const { writer, time } = ports;
  if (writer === undefined) {
    return { target, snapshot, status: 'would-remediate', reason: 'imdsv1-enabled', at: now };
  }
  if (!recordsImdsv1Enabled(target.context.recorded)) {
    // The event of its launch may still wait for its turn: a finding now would lead to a second alert.
    const isBehind = pace.isBehind?.() === true;
    return isBehind ? { target, snapshot, status: 'failed', reason: 'deadline', at: now } : { target, snapshot };
  }
  const after = await attempt(() => change(target, pace, writer, time));
  if (after instanceof FailureError) return reconsider(target, snapshot, after, policy, ports);
  const at = ports.time.now();
  const exposedSeconds = secondsExposed(target, snapshot, at);
  return { target, snapshot, status: 'remediated', reason: 'imdsv1-enabled', at, after, exposedSeconds };
}

/** Whether what EC2 does not show may still become visible. */
export function isYoung({ occurredAt }: Context, now: Date): boolean {
  return now.getTime() - occurredAt.getTime() < YOUNG_MINUTES * 60_000;
}

/** The outcome of a target that EC2 does not show: not visible yet while its event is young, gone after that. */
export function unseen(target: Target, now: Date): Outcome {
  return isYoung(target.context, now)
    ? { target, status: 'failed', reason: 'not-visible', at: now }
    : { target, status: 'skipped', reason: 'gone', at: now };
}

async function change(
  { region, instanceId }: Target,
  pace: ChangePace,
  writer: InstanceWriter,
  time: Time,
): Promise<MetadataOptions> {
  return withRetries(async () => {
    await pace.take();
    try {
      return await writer.requireTokens(region, instanceId);
    } catch (error) {
      if (error instanceof FailureError && error.kind === 'throttled') pace.drain();
      throw error;
    }
  }, time);
}

/** What EC2 may answer for an instance in the wrong state. */
const REFUSALS: readonly FailureKind[] = ['wrong-state', 'unsupported', 'invalid'];

/** Whether an instance is on its way to a state in which it can be changed. */
const isInTransit = ({ state }: Snapshot): boolean => state === 'pending' || state === 'stopping';

/**
 * EC2 refused. Which error code it answers for an instance in the wrong state is not documented, so the state is read again
 * and the decision taken again: an instance that died meanwhile is no failure.
 */
async function reconsider(
  target: Target,
  before: Snapshot,
  failure: FailureError,
  policy: Policy,
  ports: SettlePorts,
): Promise<Outcome> {
  const failed = (reason: FailureKind, snapshot: Snapshot): Outcome => ({
    target,
    snapshot,
    status: 'failed',
    reason,
    at: ports.time.now(),
    detail: failure.message,
  });
  if (failure.kind !== 'not-visible' && !REFUSALS.includes(failure.kind)) return failed(failure.kind, before);
  const read = await attempt(() =>
    withRetries(() => ports.reader.describe(target.region, [target.instanceId]), ports.time),
  );
  if (read instanceof FailureError) return failed(read.kind, before);
  const [snapshot] = read;
  if (snapshot === undefined) return unseen(target, ports.time.now());
  const decision = decide(snapshot, target.context, policy, ports.time.now());
  if (decision.kind !== 'remediate') return untouched(target, snapshot, decision, ports.time.now());
  return failed(isInTransit(snapshot) && REFUSALS.includes(failure.kind) ? 'not-ready' : failure.kind, snapshot);
}

function untouched(
  target: Target,
  snapshot: Snapshot,
  decision: Exclude<Decision, { kind: 'remediate' }>,
  at: Date,
): Outcome {
  const seen = { target, snapshot, at };
  switch (decision.kind) {
    case 'skip':
      return {
        ...seen,
        status: decision.reason === 'already-remediated' ? 'already-remediated' : 'skipped',
        reason: decision.reason,
      };
    case 'exempt':
      return {
        ...seen,
        status: 'exempt',
        reason: decision.selfGranted ? 'exempt-self-granted' : 'exempt',
        detail: [decision.until, decision.grantReason].filter(Boolean).join(': '),
      };
    case 'needs-review':
      return { ...seen, status: 'needs-review', reason: decision.problem, detail: decision.value };
  }
}

function secondsExposed({ context }: Target, { launchTime }: Snapshot, until: Date): number {
  // Until it was revoked, an exemption allowed what was open.
  const sinceCall = context.trigger === 'drift' || context.trigger === 'revoke';
  const since = sinceCall ? context.occurredAt : (launchTime ?? context.occurredAt);
  return Math.max(0, Math.round((until.getTime() - since.getTime()) / 1000));
}
