import { decide, type Decision, type Policy } from '../core/decide.ts';
import { contextFor } from '../core/exposure.ts';
import { FailureError, type FailureKind } from '../core/failure.ts';
import type { MetadataOptions, Snapshot } from '../core/instance.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Context, recordsImdsv1Enabled, type Target } from '../core/target.ts';
import type { Pace } from './pace.ts';
import { attempt, withRetries } from './retry.ts';
import type { InstanceWriter, Ports, Time } from './ports/index.ts';

/** What the remediation of one instance needs from the outside. */
export type RemediateInstancePorts = Pick<Ports, 'reader' | 'writer' | 'time'>;

/** An instance that may be changed only after a finding of it is recorded. */
export interface Unrecorded {
  readonly target: Target;
  readonly snapshot: Snapshot;
}

/** How long after its event an instance without a record is left to the record of its launch. */
const BEHIND_MINUTES = 60;

/**
 * How long after its event an instance that EC2 does not return may still appear.
 * https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
 */
const VISIBLE_AFTER_MINUTES = 5;

/**
 * Decides on a current snapshot of an instance and, if the decision is to remediate, changes it.
 *
 * No change is made without a durable record that IMDSv1 was enabled (docs/adr/0003). If the event has none, the
 * instance is returned as `Unrecorded`.
 */
export async function remediateInstance(
  found: Target,
  snapshot: Snapshot,
  policy: Policy,
  pace: Pace,
  ports: RemediateInstancePorts,
): Promise<Outcome | Unrecorded> {
  const target = { ...found, context: contextFor(snapshot, found.context) };
  const now = ports.time.now();
  const decision = decide(snapshot, target.context, policy, now);
  if (decision.kind !== 'remediate') return unchanged(target, snapshot, decision, now);
  const { writer, time } = ports;
  if (writer === undefined) {
    return { target, snapshot, status: 'would-remediate', reason: 'imdsv1-enabled', at: now };
  }
  if (!recordsImdsv1Enabled(target.context.recorded)) {
    // The launch of this instance may be among the changes that were handed back, and its alert names the caller.
    const isBehind = pace.isBehind() && ageOf(target, now) < BEHIND_MINUTES * 60_000;
    return isBehind ? { target, snapshot, status: 'failed', reason: 'deadline', at: now } : { target, snapshot };
  }
  const after = await attempt(() => change(target, pace, writer, time));
  if (after instanceof FailureError) return reconsider(target, snapshot, after, policy, ports);
  const at = ports.time.now();
  const exposedSeconds = secondsExposed(target, snapshot, at);
  return { target, snapshot, status: 'remediated', reason: 'imdsv1-enabled', at, after, exposedSeconds };
}

const ageOf = ({ context }: Target, now: Date): number => now.getTime() - context.occurredAt.getTime();

/** Whether an instance that EC2 does not return may still appear. */
export function mayStillAppear({ occurredAt }: Context, now: Date): boolean {
  return now.getTime() - occurredAt.getTime() < VISIBLE_AFTER_MINUTES * 60_000;
}

/** The outcome of a target that EC2 does not return: `not-visible`, then `gone`. */
export function outcomeOfMissing(target: Target, now: Date): Outcome {
  return mayStillAppear(target.context, now)
    ? { target, status: 'failed', reason: 'not-visible', at: now }
    : { target, status: 'skipped', reason: 'gone', at: now };
}

async function change(
  { region, instanceId, context }: Target,
  pace: Pace,
  writer: InstanceWriter,
  time: Time,
): Promise<MetadataOptions> {
  return withRetries(async () => {
    await pace.take(context.trigger.drift);
    try {
      return await writer.requireTokens(region, instanceId);
    } catch (error) {
      if (error instanceof FailureError && error.kind === 'throttled') pace.drain();
      throw error;
    }
  }, time);
}

/** Failures that EC2 may report for an instance in the wrong state. */
const REFUSALS: readonly FailureKind[] = ['wrong-state', 'unsupported', 'invalid'];

/** Whether the instance will soon be in a state in which it can be changed. */
const isInTransit = ({ state }: Snapshot): boolean => state === 'pending' || state === 'stopping';

/**
 * Decides again after EC2 refused a change.
 *
 * The error code for an instance in the wrong state is not documented, so the state is read again: an instance that was
 * terminated in the meantime is not a failure.
 */
async function reconsider(
  target: Target,
  before: Snapshot,
  failure: FailureError,
  policy: Policy,
  ports: RemediateInstancePorts,
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
  const described = await attempt(() =>
    withRetries(() => ports.reader.describe(target.region, [target.instanceId]), ports.time),
  );
  if (described instanceof FailureError) return failed(described.kind, before);
  const [snapshot] = described;
  if (snapshot === undefined) return outcomeOfMissing(target, ports.time.now());
  const decision = decide(snapshot, target.context, policy, ports.time.now());
  if (decision.kind !== 'remediate') return unchanged(target, snapshot, decision, ports.time.now());
  return failed(isInTransit(snapshot) && REFUSALS.includes(failure.kind) ? 'not-ready' : failure.kind, snapshot);
}

function unchanged(
  target: Target,
  snapshot: Snapshot,
  decision: Exclude<Decision, { kind: 'remediate' }>,
  at: Date,
): Outcome {
  const common = { target, snapshot, at };
  switch (decision.kind) {
    case 'skip':
      return {
        ...common,
        status: decision.reason === 'already-remediated' ? 'already-remediated' : 'skipped',
        reason: decision.reason,
      };
    case 'exempt':
      return {
        ...common,
        status: 'exempt',
        reason: decision.selfGranted ? 'exempt-self-granted' : 'exempt',
        detail: [decision.until, decision.grantReason].filter(Boolean).join(': '),
      };
    case 'needs-review':
      return { ...common, status: 'needs-review', reason: decision.problem, detail: decision.value };
  }
}

function secondsExposed({ context }: Target, { launchTime }: Snapshot, until: Date): number {
  // Until it was revoked, an exemption allowed IMDSv1, so that time does not count.
  const since = context.trigger.exposedByCall ? context.occurredAt : (launchTime ?? context.occurredAt);
  return Math.max(0, Math.round((until.getTime() - since.getTime()) / 1000));
}
