import { FailureError, type FailureKind } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import { recordsImdsv1Enabled, type Target } from '../core/target.ts';
import { toFinding } from '../triggers/finding.ts';
import type { Budget } from './budget.ts';
import type { Ports } from './ports/index.ts';
import { attempt, withRetries } from './retry.ts';

/** What only needs time: EC2's request rate left no room, or EC2 does not show an instance yet. */
const NEED_TIME: readonly string[] = ['throttled', 'deadline', 'not-visible', 'not-ready'] satisfies FailureKind[];

/** The longest that SQS delays a message. */
const LONGEST_SECONDS = 900;

/** How old an event may become that way. After that it fails like any other, and ends in the dead-letter queue. */
const HANDED_BACK_FOR_MS = 6 * 3_600_000;

/** Bounds of the delay until the next look at what EC2 does not show yet. */
const LOOK_AGAIN_SECONDS = { least: 2, most: 60 };

/**
 * Seconds after a running-state event before which it is not looked at. The CloudTrail record, which knows the caller, comes first
 * then. Without a trail there is nothing to wait for but EC2's own eventual consistency.
 */
const RUNNING_SECONDS = { trail: 90, noTrail: 15 };

/** Seconds that a running-state event must still wait; 0 for anything else. */
export function secondsTooEarly(
  { context }: Pick<Target, 'context'>,
  { trail }: { readonly trail: boolean },
  now: Date,
): number {
  // A finding of it has waited already, and has another form.
  if (context.trigger.backsUpCloudTrail !== true || context.recorded !== undefined) return 0;
  const seconds = trail ? RUNNING_SECONDS.trail : RUNNING_SECONDS.noTrail;
  return Math.max(0, Math.ceil(seconds - (now.getTime() - context.occurredAt.getTime()) / 1000));
}

/** Whether something failed that should be handed back to the queue: time helps it, and it has not had too much of it. */
export function needsTime(reason: string, { context }: Pick<Target, 'context'>, now: Date): boolean {
  return NEED_TIME.includes(reason) && now.getTime() - context.occurredAt.getTime() < HANDED_BACK_FOR_MS;
}

/** Seconds until the next look at what EC2 does not show yet: half as long again as since its event. No counter is needed. */
export function lookAgainAfter({ context }: Pick<Target, 'context'>, now: Date): number {
  const { least, most } = LOOK_AGAIN_SECONDS;
  return Math.min(most, Math.max(least, Math.ceil((now.getTime() - context.occurredAt.getTime()) / 2000)));
}

/**
 * Hands the instances that only need time back to the queue, each as a finding with a delay of its own, so that no batch waits for
 * them: changes behind one another at EC2's rate, and what EC2 does not show yet after a while.
 *
 * @returns the outcomes that were handed back. Nobody is notified of those: nothing has happened yet.
 */
export async function handBack(
  outcomes: readonly Outcome[],
  budget: Budget,
  { queue, telemetry, time }: Pick<Ports, 'queue' | 'telemetry' | 'time'>,
): Promise<ReadonlySet<Outcome>> {
  const now = time.now();
  const early = outcomes.filter(({ status, reason, target }) => status === 'failed' && needsTime(reason, target, now));
  if (early.length === 0) return new Set();
  const delays = early.map((outcome) => delayOf(outcome, budget, now, time.random()));
  const findings = early.map(({ target }) => toFinding(target, target.context.recorded));
  const kept = await attempt(() => withRetries(() => queue.putFindings(findings, delays), time));
  if (!(kept instanceof FailureError)) return new Set(early);
  telemetry.warning('instances could not be handed back to the queue; their messages come again', kept);
  return new Set();
}

function delayOf({ reason, target }: Outcome, budget: Budget, now: Date, random: number): number {
  if (reason === 'not-visible' || reason === 'not-ready') return lookAgainAfter(target, now);
  const { region, context } = target;
  // What has no record yet is not changed when it comes back, so it takes nobody's turn: it comes after all of them.
  const isChange = recordsImdsv1Enabled(context.recorded);
  const wait = isChange ? budget.promise(region, now) : budget.backlog(region, now);
  const seconds = Math.max(1, Math.ceil(wait / 1000));
  // What SQS cannot delay for so long comes spread, not all at once.
  return seconds <= LONGEST_SECONDS ? seconds : Math.floor(LONGEST_SECONDS * (0.5 + random / 2));
}
