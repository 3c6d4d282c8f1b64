import type { Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { isRetried } from '../core/outcome.ts';
import { fromUndelivered } from '../core/undelivered-alert.ts';
import { eventIdOf } from '../triggers/envelope.ts';
import { parseEvent } from '../triggers/index.ts';
import { at, isObject, parseJson } from '../triggers/json.ts';
import { withKnown } from '../triggers/launch.ts';
import { toFinding } from '../triggers/finding.ts';
import { parseCheck, type PostChangeCheck } from '../triggers/post-change-check.ts';
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

/** A message of the work queue. */
export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
}

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
export async function handleEvent(event: unknown, rules: Rules, ports: Ports): Promise<void> {
  const unfinished = await handle(new Map([[eventIdOf(event), event]]), rules, ports);
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
export async function handleBatch(records: readonly QueueRecord[], rules: Rules, ports: Ports): Promise<string[]> {
  const unfinished = new Set<string>();
  const events = new Map<string, unknown>();
  const checks = new Map<string, PostChangeCheck>();
  for (const { messageId, body } of records) {
    const content = unwrap(parseJson(body));
    const undelivered = fromUndelivered(content);
    const check = parseCheck(content);
    if (check !== undefined) checks.set(messageId, check);
    else if (undelivered === undefined) events.set(messageId, content);
    else if ((await attempt(() => ports.publisher.publish(undelivered))) instanceof FailureError)
      unfinished.add(messageId);
  }
  for (const messageId of (await handle(events, rules, ports)).keys()) unfinished.add(messageId);
  const retries = new Set(await runPostChangeChecks([...checks.values()], rules, ports));
  for (const [messageId, check] of checks) if (retries.has(check)) unfinished.add(messageId);
  return [...unfinished];
}

/** Handles events by key. Returns the keys of those that must be retried, with the reasons. */
async function handle(events: ReadonlyMap<string, unknown>, rules: Rules, ports: Ports): Promise<Map<string, string>> {
  const parsed = [...events].map(([key, event]) => ({ key, event, ...parseEvent(event) }));
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
