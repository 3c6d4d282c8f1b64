import { FailureError, type FailureKind } from '../core/failure.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Context, recordsImdsv1Enabled } from '../core/target.ts';
import type { Budget } from './budget.ts';
import { attempt } from './retry.ts';
import type { Ports, WorkQueue } from './ports/index.ts';

/** Failures that only need time: EC2's request rate left no room, or EC2 does not return an instance yet. */
const NEED_TIME: readonly string[] = ['throttled', 'deadline', 'not-visible', 'not-ready'] satisfies FailureKind[];

/**
 * The longest delay of a message.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
 */
const LONGEST_SECONDS = 900;

/**
 * The age of an event from which nothing of it is handed back. It then fails like any other, up to the dead-letter
 * queue.
 */
const HANDED_BACK_FOR_MS = 6 * 3_600_000;

/** Bounds of the time until EC2 is asked again for what it does not return yet. */
const ASK_AGAIN_SECONDS = { least: 2, most: 60 };

/**
 * Seconds after a running-state event before which it is not handled, so that the CloudTrail record, which has the
 * caller, is handled first. Without a trail the delay only covers EC2's eventual consistency.
 */
const RUNNING_SECONDS = { trail: 90, noTrail: 15 };

/** Seconds until an event is due: those of a running-state event, 0 for any other. */
export function secondsUntilDue(context: Context, { trail }: { readonly trail: boolean }, now: Date): number {
  // A finding of it was delayed as an event.
  if (context.trigger.backsUpCloudTrail !== true || context.recorded !== undefined) return 0;
  const seconds = trail ? RUNNING_SECONDS.trail : RUNNING_SECONDS.noTrail;
  return Math.max(0, Math.ceil(seconds - (now.getTime() - context.occurredAt.getTime()) / 1000));
}

/** Whether a failure only needs time, and its event is recent enough to be handed back. */
export function needsTime(reason: string, { occurredAt }: Context, now: Date): boolean {
  return NEED_TIME.includes(reason) && now.getTime() - occurredAt.getTime() < HANDED_BACK_FOR_MS;
}

/** Seconds until EC2 is asked again: half the age of the event, so that no count is needed. */
export function secondsUntilAskedAgain({ occurredAt }: Context, now: Date): number {
  const { least, most } = ASK_AGAIN_SECONDS;
  return Math.min(most, Math.max(least, Math.ceil((now.getTime() - occurredAt.getTime()) / 2000)));
}

/**
 * Seconds until an instance that needs time is tried again. Changes of a region come one after another, at EC2's rate.
 */
export function secondsUntilRetry(
  { reason, target: { region, context } }: Outcome,
  budget: Budget,
  now: Date,
  random: number,
): number {
  if (reason === 'not-visible' || reason === 'not-ready') return secondsUntilAskedAgain(context, now);
  // Without a record it is not changed when it comes back, so it reserves no change and comes after all of them.
  const isChange = recordsImdsv1Enabled(context.recorded);
  const bucket = budget.in(region);
  const wait = isChange ? bucket.reserve(now.getTime(), context.trigger.drift) : bucket.backlog(now.getTime());
  const seconds = Math.max(1, Math.ceil(wait / 1000));
  // Beyond the longest delay, spread: they would all come back at once.
  return seconds <= LONGEST_SECONDS ? seconds : Math.floor(LONGEST_SECONDS * (0.5 + random / 2));
}

/**
 * Sends work back to the queue. @returns whether the queue accepted it; if not, its messages must be delivered again.
 */
export async function handBack(
  put: (queue: WorkQueue) => Promise<void>,
  { queue, telemetry }: Pick<Ports, 'queue' | 'telemetry'>,
): Promise<boolean> {
  const accepted = await attempt(() => put(queue));
  if (!(accepted instanceof FailureError)) return true;
  telemetry.warning('work could not be handed back to the queue; its messages will be delivered again', accepted);
  return false;
}
