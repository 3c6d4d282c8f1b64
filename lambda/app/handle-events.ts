import type { Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { isRetried } from '../core/outcome.ts';
import { fromUndelivered } from '../core/undelivered-alert.ts';
import { eventIdOf, readEnvelope } from '../triggers/envelope.ts';
import { parseEvent } from '../triggers/index.ts';
import { at, isObject } from '../triggers/json.ts';
import { withKnown } from '../triggers/launch.ts';
import { toFinding } from '../triggers/finding.ts';
import { parseCheck, type PostChangeCheck } from '../triggers/post-change-check.ts';
import type { Parsed } from '../triggers/trigger.ts';
import { findLaunchedInstances } from './find-launched-instances.ts';
import { runPostChangeChecks } from './post-change-checks.ts';
import { attempt, withRetries } from './retry.ts';
import type { Ports, WorkQueue } from './ports/index.ts';
import { keyOf, remediate } from './remediate.ts';
import { report, type ReportOptions } from './report.ts';
import { schedulePostChangeChecks } from './schedule-post-change-checks.ts';

/**
 * Seconds until the remaining targets of an event are tried again: as long as Lambda waits before its first retry.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const RETRY_AFTER_SECONDS = 60;

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

/** A message of the work queue. */
export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
  /** How often the queue has delivered the message, this time included; absent if that is unknown. */
  readonly receiveCount?: number;
}

/** An event as it was received. */
interface Received {
  readonly event: unknown;
  readonly receiveCount?: number;
}

/**
 * Minutes after its event in which a message that is delivered for the first time is a first attempt. A message that an
 * operator moved back from the dead-letter queue begins to count again, but it is older.
 */
const FIRST_ATTEMPT_MINUTES = 30;

/** Thrown so that the invocation is retried; after the last attempt it goes to the dead-letter queue. */
export class RetryableError extends Error {
  public override readonly name = 'RetryableError';
}

/**
 * Handles one event of the event bus.
 *
 * @throws RetryableError after everything else was done and notified, if a retry may succeed where this attempt did
 * not.
 */
export async function handleEvent(event: unknown, rules: EventRules, ports: Ports): Promise<void> {
  const unfinished = await handle(new Map([[eventIdOf(event), { event }]]), rules, ports);
  for (const [eventId, reason] of unfinished) throw new RetryableError(`event ${eventId}: ${reason}`);
}

/**
 * Handles a batch of the work queue.
 *
 * Messages are running-state events, recorded findings, post-change checks, undelivered alerts, and anything that an
 * operator has redriven from the dead-letter queue.
 *
 * @returns ids of the messages that must be delivered again.
 */
export async function handleBatch(records: readonly QueueRecord[], rules: EventRules, ports: Ports): Promise<string[]> {
  const unfinished = new Set<string>();
  const events = new Map<string, Received>();
  const checks = new Map<string, PostChangeCheck>();
  for (const { messageId, body, receiveCount } of records) {
    const content = unwrap(parseJson(body));
    const undelivered = fromUndelivered(content);
    const check = parseCheck(content);
    if (check !== undefined) checks.set(messageId, check);
    else if (undelivered === undefined) events.set(messageId, { event: content, receiveCount });
    else if ((await attempt(() => ports.publisher.publish(undelivered))) instanceof FailureError)
      unfinished.add(messageId);
  }
  for (const messageId of (await handle(events, rules, ports)).keys()) unfinished.add(messageId);
  const retries = new Set(await runPostChangeChecks([...checks.values()], rules, ports));
  for (const [messageId, check] of checks) if (retries.has(check)) unfinished.add(messageId);
  return [...unfinished];
}

/** Handles events by key. Returns the keys of those that must be retried, with the reasons. */
async function handle(
  events: ReadonlyMap<string, Received>,
  rules: EventRules,
  ports: Ports,
): Promise<Map<string, string>> {
  const own = [...events].filter(([, { event }]) => !isOfOtherAccount(event, rules, ports));
  const parsed = own.map(([key, received]) => ({ key, event: received.event, ...parse(received, ports.time.now()) }));
  for (const { event, problems } of parsed) {
    for (const problem of new Set(problems)) ports.telemetry.notUnderstood(eventIdOf(event), problem);
  }

  const outcomes = await remediate(
    parsed.flatMap(({ targets }) => targets),
    rules,
    ports,
  );
  const unfinished = new Map<string, string>();
  for (const { key, event, lookups } of parsed) {
    for (const lookup of lookups) {
      const { known, failure } = await findLaunchedInstances(lookup, ports);
      if (failure === undefined) continue;
      const isPart = known.length > lookup.known.length && isObject(event);
      if (isPart && (await putRemaining(ports, (queue, delay) => queue.putEvent(withKnown(event, known), delay)))) {
        continue;
      }
      unfinished.set(key, failure.message);
    }
  }
  await report(outcomes, rules, ports);
  await schedulePostChangeChecks(outcomes, ports);

  const retried = new Map(outcomes.filter(isRetried).map((outcome) => [keyOf(outcome.target), outcome.reason]));
  for (const { key, targets } of parsed) {
    const remaining = targets.filter((target) => retried.has(keyOf(target)));
    const [first] = remaining;
    if (first === undefined) continue;
    const isPart = remaining.length < targets.length && !unfinished.has(key);
    const findings = remaining.map((target) => toFinding(target, target.context.recorded));
    if (isPart && (await putRemaining(ports, (queue, delay) => queue.putFindings(findings, delay)))) continue;
    unfinished.set(key, `${first.instanceId} ${retried.get(keyOf(first)) ?? ''}`);
  }
  return unfinished;
}

/** What an event asks for; its targets know whether this is the first attempt. */
function parse({ event, receiveCount }: Received, now: Date): Parsed {
  const parsed = parseEvent(event);
  if (receiveCount !== 1) return parsed;
  const oldest = now.getTime() - FIRST_ATTEMPT_MINUTES * 60_000;
  const targets = parsed.targets.map((target) =>
    target.context.occurredAt.getTime() < oldest
      ? target
      : { ...target, context: { ...target.context, firstAttempt: true } },
  );
  return { ...parsed, targets };
}

function isOfOtherAccount(event: unknown, { account }: EventRules, { telemetry }: Ports): boolean {
  const envelope = readEnvelope(event);
  if (typeof envelope === 'string' || envelope.account === account) return false;
  telemetry.otherAccount(envelope.eventId, envelope.account);
  return true;
}

/**
 * Queues the remaining targets of an event, so that a retry of the whole event does not repeat the alerts about the
 * others (docs/adr/0011).
 *
 * @returns whether the queue accepted them.
 */
async function putRemaining(
  { queue, telemetry, time }: Ports,
  put: (queue: WorkQueue, delaySeconds: number) => Promise<void>,
): Promise<boolean> {
  const accepted = await attempt(() => withRetries(() => put(queue, RETRY_AFTER_SECONDS), time));
  if (!(accepted instanceof FailureError)) return true;
  telemetry.warning('the remaining targets of an event could not be queued; the whole event is retried', accepted);
  return false;
}

/**
 * Returns the event inside a record of Lambda's on-failure destination.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
function unwrap(content: unknown): unknown {
  const wrapped = isObject(content) && isObject(at(content, 'requestContext'));
  return wrapped ? at(content, 'requestPayload') : content;
}

/** Parses JSON. Returns `undefined` for anything else, which is then not understood. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
