import pMap from 'p-map';
import type { Policy } from '../core/decide.ts';
import { deliveryOf } from '../core/delivery.ts';
import { isRetried, type Outcome } from '../core/outcome.ts';
import { type Context, recordsImdsv1Enabled, type Target } from '../core/target.ts';
import { eventIdOf, readEnvelope, resentOf } from '../triggers/envelope.ts';
import { isFinding, toFinding } from '../triggers/finding.ts';
import { parseEvent } from '../triggers/index.ts';
import { isObject } from '../triggers/json.ts';
import { withKnown } from '../triggers/launch.ts';
import type { Budget } from './budget.ts';
import { findLaunchedInstances } from './find-launched-instances.ts';
import { reportPrevention } from './report-prevention.ts';
import { handBack, needsTime, secondsUntilAskedAgain, secondsUntilDue, secondsUntilRetry } from './hand-back.ts';
import type { Ports } from './ports/index.ts';
import { isGrant, keyOf, keysOf, remediate } from './remediate.ts';
import { report, type ReportOptions } from './report.ts';
import { schedulePostChangeChecks } from './schedule-post-change-checks.ts';

/** The account's rules: how to decide, and how to report. */
export type Rules = Policy & ReportOptions;

/** The rules of the function that handles events. */
export interface EventRules extends Policy, ReportOptions {
  /**
   * The account of the deployment. Events of other accounts are skipped: EC2 would not find their instances here, and
   * they would be retried in vain.
   */
  readonly account: string;
}

/** An event, or a finding, in a message of the work queue. */
export interface EventMessage {
  readonly messageId: string;
  readonly event: unknown;
  /** How often the message was delivered, this time included. */
  readonly receiveCount: number;
}

/** Seconds until the remaining targets of an event are tried again. */
const RETRY_AFTER_SECONDS = 60;

/** Launches whose instances are searched at the same time. */
const SEARCHES = 10;

/**
 * Handles the events of a batch together.
 *
 * What only needs time goes back to the queue with a delay, and is not notified: nothing happened yet. So do the
 * remaining targets of an event, because a retry of the whole event would repeat the alerts about the others
 * (docs/adr/0011).
 *
 * @returns ids of the messages that must be delivered again.
 */
export async function handleEvents(
  messages: readonly EventMessage[],
  rules: EventRules,
  ports: Ports,
  budget: Budget,
): Promise<ReadonlySet<string>> {
  const { telemetry, time } = ports;
  const unfinished = new Set<string>();
  const own = messages.filter(({ event }) => !isOfOtherAccount(event, rules, ports));
  const all = own.map((message) => parse(message, time.now()));
  for (const { event, problems } of all) {
    for (const problem of new Set(problems)) telemetry.notUnderstood(eventIdOf(event), problem);
  }
  const delayOf = ({ targets }: ParsedMessage) =>
    Math.max(0, ...targets.map(({ context }) => secondsUntilDue(context, rules, time.now())));
  const early = all.filter((message) => delayOf(message) > 0);
  const due = all.filter((message) => !early.includes(message));
  for (const { region, context } of due.flatMap(({ event, targets }) => (isFinding(event) ? targets : []))) {
    if (isLate(context, time.now())) budget.in(region).noteLate(time.now().getTime());
  }
  const [outcomes] = await Promise.all([
    remediate(
      due.flatMap(({ targets }) => targets),
      rules,
      { ...ports, groups: new Map() },
      (region) => budget.paceIn(region, time),
    ),
    pMap(due, (message) => search(message, ports, unfinished), { concurrency: SEARCHES }),
    delay(early, early.map(delayOf), ports, unfinished),
    notifyPrevention(due, ports, unfinished),
  ]);
  await conclude(due, outcomes, rules, ports, budget, unfinished);
  return unfinished;
}

/** The age from which the finding of a recorded call is late: it was handed back, and so were others of its region. */
const LATE_MS = 60_000;

const isLate = ({ recorded, trigger, occurredAt }: Context, now: Date): boolean =>
  recordsImdsv1Enabled(recorded) && !trigger.backsUpCloudTrail && now.getTime() - occurredAt.getTime() > LATE_MS;

type ParsedMessage = EventMessage & ReturnType<typeof parseEvent>;

function parse(message: EventMessage, now: Date): ParsedMessage {
  const { targets, lookups, problems, prevention } = parseEvent(message.event);
  const resent = resentOf(message.event);
  const deliver = <T extends { readonly context: Context }>(one: T): T => {
    const delivery = deliveryOf(message.receiveCount, one.context.occurredAt, now);
    return { ...one, context: { ...one.context, delivery, resent } };
  };
  return { ...message, targets: targets.map(deliver), lookups: lookups.map(deliver), problems, prevention };
}

function isOfOtherAccount(event: unknown, { account }: EventRules, { telemetry }: Ports): boolean {
  const envelope = readEnvelope(event);
  if (typeof envelope === 'string' || envelope.account === account) return false;
  telemetry.otherAccount(envelope.eventId, envelope.account);
  return true;
}

/** Hands back the events that are not due yet. */
async function delay(
  early: readonly ParsedMessage[],
  delays: readonly number[],
  ports: Ports,
  unfinished: Set<string>,
): Promise<void> {
  if (early.length === 0) return;
  const events = early.map(({ event }) => event).filter(isObject);
  if (await handBack((queue) => queue.putEvents(events, delays), ports)) return;
  for (const { messageId } of early) unfinished.add(messageId);
}

/** Reports the events about prevention. What the bus refuses is delivered again. */
async function notifyPrevention(due: readonly ParsedMessage[], ports: Ports, unfinished: Set<string>): Promise<void> {
  const refused = await reportPrevention(
    due.flatMap(({ prevention = [] }) => prevention),
    ports,
  );
  for (const { messageId, prevention } of due) {
    if (prevention !== undefined && refused.has(prevention)) unfinished.add(messageId);
  }
}

/**
 * Searches the instances of a launch whose ids CloudTrail omitted. If some may be missing, the event is handed back.
 */
async function search(
  { messageId, event, lookups }: ParsedMessage,
  ports: Ports,
  unfinished: Set<string>,
): Promise<void> {
  const now = ports.time.now();
  for (const lookup of lookups) {
    const { known, failure } = await findLaunchedInstances(lookup, ports);
    if (failure === undefined) continue;
    const isHandedBack = needsTime(failure.kind, lookup.context, now) || known.length > lookup.known.length;
    const seconds = secondsUntilAskedAgain(lookup.context, now);
    const events = isObject(event) ? [withKnown(event, known)] : [];
    if (isHandedBack && (await handBack((queue) => queue.putEvents(events, seconds), ports))) continue;
    ports.telemetry.warning('the instances of a launch could not be found', failure);
    unfinished.add(messageId);
  }
}

/** Hands back what is to be tried again, and reports the rest. Post-change checks are optional and delay neither. */
async function conclude(
  messages: readonly ParsedMessage[],
  outcomes: readonly Outcome[],
  rules: Rules,
  ports: Ports,
  budget: Budget,
  unfinished: Set<string>,
): Promise<void> {
  const { telemetry, time } = ports;
  const now = time.now();
  const waiting = outcomes.filter((outcome) => isWaiting(outcome, now));
  const late = outcomes.filter(
    (outcome) =>
      waiting.includes(outcome) || (isRetried(outcome) && needsTime(outcome.reason, outcome.target.context, now)),
  );
  const settled = outcomes.filter((outcome) => !late.includes(outcome));
  const failed = keysOf(settled.filter(isRetried));
  const remaining: Target[] = [];
  for (const { messageId, targets } of messages) {
    const failedTargets = targets.filter((target) => failed.has(keyOf(target)));
    const isPart = failedTargets.length < targets.length && !unfinished.has(messageId);
    if (isPart) remaining.push(...failedTargets);
    else if (failedTargets.length > 0) unfinished.add(messageId);
  }
  const delayed = late.flatMap((outcome) => {
    const seconds = secondsUntilRetry(outcome, budget, now, time.random());
    const isWaitNotified = waiting.includes(outcome) || undefined;
    return eventsOf(outcome, messages).map((target) => ({
      target: {
        ...target,
        context: { ...target.context, isWaitNotified: target.context.isWaitNotified ?? isWaitNotified },
      },
      seconds,
    }));
  });
  const returned = [...delayed.map(({ target }) => target), ...remaining];
  const delays = [...delayed.map(({ seconds }) => seconds), ...remaining.map(() => RETRY_AFTER_SECONDS)];
  const findings = returned.map((target) => toFinding(target, target.context.recorded));
  const [accepted, unreported] = await Promise.all([
    findings.length === 0 || handBack((queue) => queue.putFindings(findings, delays), ports),
    report([...settled, ...waiting.map((outcome) => ({ ...outcome, isWaiting: true }))], rules, ports),
    schedulePostChangeChecks(settled, ports),
  ]);
  if (accepted && findings.length > 0) telemetry.handedBack(late.length + remaining.length);
  const lost = new Set([
    ...(accepted ? [] : returned.map(keyOf)),
    // The next delivery reports them again.
    ...keysOf(unreported),
  ]);
  for (const { messageId, targets } of messages) {
    if (targets.some((target) => lost.has(keyOf(target)))) unfinished.add(messageId);
  }
}

/** How long drift may have to wait before that is notified: longer than one retry takes. */
const WAIT_NOTIFIED_AFTER_MS = 60_000;

/** Whether drift has to wait for so long that it is notified, once, with what it waits for. */
function isWaiting(outcome: Outcome, now: Date): boolean {
  const { trigger, occurredAt, isWaitNotified } = outcome.target.context;
  if (trigger.drift !== true || isWaitNotified === true || !isRetried(outcome)) return false;
  return now.getTime() - occurredAt.getTime() > WAIT_NOTIFIED_AFTER_MS;
}

/**
 * The targets that are handed back for an outcome. Which of several events about an instance is the strongest depends
 * on the instance, so without a snapshot it is all of them.
 */
function eventsOf({ target, snapshot }: Outcome, messages: readonly ParsedMessage[]): readonly Target[] {
  if (snapshot !== undefined) return [target];
  return messages
    .flatMap(({ targets }) => targets)
    .filter((other) => keyOf(other) === keyOf(target) && isGrant(other) === isGrant(target));
}
