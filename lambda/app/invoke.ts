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
import { find } from './find.ts';
import { checkAfterChange } from './check-after-change.ts';
import { attempt, withRetries } from './retry.ts';
import type { Ports, WorkQueue } from './ports.ts';
import { keyOf, remediate } from './remediate.ts';
import { report, type ReportOptions } from './report.ts';
import { scheduleChecks } from './schedule-checks.ts';

/**
 * How long the rest of an event waits: as long as Lambda would before its first retry.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const REST_AFTER_SECONDS = 60;

/** The account's rules: how to decide, and how to tell. */
export type Rules = Policy & ReportOptions;

/** A message of the work queue. */
export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
}

/** Thrown so that Lambda tries the invocation again, and in the end gives it to the dead-letter queue. */
export class TryAgainError extends Error {
  public override readonly name = 'TryAgainError';
}

/**
 * Handles one event of the bus.
 *
 * @throws TryAgainError if a retry may do what could not be done now, after everything else was done and told.
 */
export async function onEvent(event: unknown, rules: Rules, ports: Ports): Promise<void> {
  const unfinished = await handle(new Map([[eventIdOf(event), event]]), rules, ports);
  for (const [eventId, reason] of unfinished) throw new TryAgainError(`event ${eventId}: ${reason}`);
}

/**
 * Handles a batch of the work queue: running-state events, our findings, what to look after, alerts that SNS refused, and whatever an
 * operator moves here from the dead-letter queue.
 *
 * @returns ids of the messages that must come again.
 */
export async function onBatch(records: readonly QueueRecord[], rules: Rules, ports: Ports): Promise<string[]> {
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
  const again = new Set(await checkAfterChange([...checks.values()], rules, ports));
  for (const [messageId, check] of checks) if (again.has(check)) unfinished.add(messageId);
  return [...unfinished];
}

/** Handles events, and says which of them (by key) must come again and why. */
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
      const { known, failure } = await find(lookup, ports);
      if (failure === undefined) continue;
      const isPart = known.length > lookup.known.length && isObject(event);
      if (isPart && (await keepRest(ports, (queue, after) => queue.putEvent(withKnown(event, known), after)))) continue;
      unfinished.set(key, failure.message);
    }
  }
  await report(outcomes, rules, ports);
  await scheduleChecks(outcomes, ports);

  const retried = new Map(outcomes.filter(isRetried).map((outcome) => [keyOf(outcome.target), outcome.reason]));
  for (const { key, targets } of parsed) {
    const rest = targets.filter((target) => retried.has(keyOf(target)));
    const [first] = rest;
    if (first === undefined) continue;
    const isPart = rest.length < targets.length && !unfinished.has(key);
    const findings = rest.map((target) => toFinding(target, target.context.recorded));
    if (isPart && (await keepRest(ports, (queue, after) => queue.putFindings(findings, after)))) continue;
    unfinished.set(key, `${first.instanceId} ${retried.get(keyOf(first)) ?? ''}`);
  }
  return unfinished;
}

/**
 * Keeps what is left of an event whose other instances are done, so that a retry of the whole does not tell those again (see
 * docs/adr/0011).
 */
async function keepRest(
  { queue, telemetry, time }: Ports,
  put: (queue: WorkQueue, afterSeconds: number) => Promise<void>,
): Promise<boolean> {
  const kept = await attempt(() => withRetries(() => put(queue, REST_AFTER_SECONDS), time));
  if (!(kept instanceof FailureError)) return true;
  telemetry.warning('the rest of an event could not be kept; all of it comes again', kept);
  return false;
}

/**
 * The event in what Lambda's on-failure destination wrapped around it.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
function unwrap(content: unknown): unknown {
  const wrapped = isObject(content) && isObject(at(content, 'requestContext'));
  return wrapped ? at(content, 'requestPayload') : content;
}

/** `undefined` for what is no JSON: no event, which is reported like any other that is not understood. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
