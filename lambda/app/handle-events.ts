import pMap from 'p-map';
import type { Policy } from '../core/decide.ts';
import { FailureError } from '../core/failure.ts';
import { isRetried } from '../core/outcome.ts';
import { fromUndelivered } from '../core/undelivered-alert.ts';
import { eventIdOf } from '../triggers/envelope.ts';
import { parseEvent } from '../triggers/index.ts';
import { at, isObject } from '../triggers/json.ts';
import { withKnown } from '../triggers/launch.ts';
import { toFinding } from '../triggers/finding.ts';
import { parseCheck, type PostChangeCheck } from '../triggers/post-change-check.ts';
import { Budget } from './budget.ts';
import { findLaunchedInstances } from './find-launched-instances.ts';
import { handBack, lookAgainAfter, needsTime, secondsTooEarly } from './hand-back.ts';
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

/** Launches without ids that are looked up at the same time. */
const LOOKUPS = 10;

/** The account's rules: how to decide, and how to report. */
export type Rules = Policy & ReportOptions;

/** A message of the work queue. */
export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
}

/** Thrown so that the invocation is retried, and its event goes to the dead-letter queue after the last attempt. */
export class RetryableError extends Error {
  public override readonly name = 'RetryableError';
}

/**
 * Handles one event of the event bus.
 *
 * @throws RetryableError after everything else was done and notified, if a retry may succeed where this attempt did not.
 */
export async function handleEvent(event: unknown, rules: Rules, ports: Ports, budget = new Budget()): Promise<void> {
  const unfinished = await handle(new Map([[eventIdOf(event), event]]), rules, ports, budget);
  for (const [eventId, reason] of unfinished) throw new RetryableError(`event ${eventId}: ${reason}`);
}

/**
 * Handles a batch of the work queue: running-state events, recorded findings, post-change checks, undelivered alerts, and
 * messages that an operator moved here from the dead-letter queue.
 *
 * Nothing that takes long is waited for: it is handed back to the queue. A batch takes seconds, whatever it contains, and no
 * region delays another.
 *
 * @param budget what the execution environment knows of EC2's request rate from earlier batches.
 * @returns ids of the messages that must be delivered again.
 */
export async function handleBatch(
  records: readonly QueueRecord[],
  rules: Rules,
  ports: Ports,
  budget = new Budget(),
): Promise<string[]> {
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
  for (const messageId of (await handle(events, rules, ports, budget)).keys()) unfinished.add(messageId);
  const retries = new Set(await runPostChangeChecks([...checks.values()], rules, ports));
  for (const [messageId, check] of checks) if (retries.has(check)) unfinished.add(messageId);
  return [...unfinished];
}

/** Handles events by key. Returns the keys of those that must be retried, with the reasons. */
async function handle(
  events: ReadonlyMap<string, unknown>,
  rules: Rules,
  ports: Ports,
  budget: Budget,
): Promise<Map<string, string>> {
  const now = ports.time.now();
  const unfinished = new Map<string, string>();
  const all = [...events].map(([key, event]) => ({ key, event, ...parseEvent(event) }));
  const early = all.filter(({ targets }) => targets.some((target) => secondsTooEarly(target, rules, now) > 0));
  const parsed = all.filter((one) => !early.includes(one));
  const putEarly = async () => {
    const kept = early.flatMap(({ event }) => (isObject(event) ? [event] : []));
    const delays = early.map(({ targets }) =>
      Math.max(...targets.map((target) => secondsTooEarly(target, rules, now))),
    );
    if (kept.length === 0 || (await putRemaining(ports, (queue) => queue.putEvents(kept, delays)))) return;
    for (const { key } of early) unfinished.set(key, 'it came too early and could not be handed back');
  };
  for (const { event, problems } of parsed) {
    for (const problem of new Set(problems)) ports.telemetry.notUnderstood(eventIdOf(event), problem);
  }

  const lookUp = async ({ key, event, lookups }: (typeof parsed)[number]) => {
    for (const lookup of lookups) {
      const { known, failure } = await findLaunchedInstances(lookup, ports);
      if (failure === undefined) continue;
      const isLater = needsTime(failure.kind, lookup, now) || known.length > lookup.known.length;
      const after = lookAgainAfter(lookup, now);
      if (
        isLater &&
        isObject(event) &&
        (await putRemaining(ports, (queue) => queue.putEvents([withKnown(event, known)], after)))
      )
        continue;
      unfinished.set(key, failure.message);
    }
  };
  const targets = parsed.flatMap((event) => event.targets);
  const [settled] = await Promise.all([
    remediate(targets, rules, ports, (region) => budget.paceIn(region, ports.time), []),
    pMap(parsed, lookUp, { concurrency: LOOKUPS }),
    putEarly(),
  ]);
  const handedBack = await handBack(settled, budget, ports);
  const outcomes = settled.filter((outcome) => !handedBack.has(outcome));
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
 * Queues the remaining targets of an event, so that a retry of the whole event does not repeat the alerts about the others
 * (docs/adr/0011).
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

/** Parses JSON. Returns `undefined` for anything else, which is then reported as an event that was not understood. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
