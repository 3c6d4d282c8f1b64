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
import { find } from './find.ts';
import { handBack, lookAgainAfter, needsTime, secondsTooEarly } from './hand-back.ts';
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

/** Launches without ids that are looked for at once. */
const LOOKUPS = 10;

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
export async function onEvent(event: unknown, rules: Rules, ports: Ports, budget = new Budget()): Promise<void> {
  const unfinished = await handle(new Map([[eventIdOf(event), event]]), rules, ports, budget);
  for (const [eventId, reason] of unfinished) throw new TryAgainError(`event ${eventId}: ${reason}`);
}

/**
 * Handles a batch of the work queue: running-state events, our findings, what to look after, alerts that SNS refused, and whatever an
 * operator moves here from the dead-letter queue.
 *
 * Nothing is waited for that takes long: it is handed back to the queue. So a batch is over within seconds, whatever is in it, and no
 * Region holds up another.
 *
 * @param budget what the environment knows of EC2's request rate from earlier batches.
 * @returns ids of the messages that must come again.
 */
export async function onBatch(
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
  const again = new Set(await checkAfterChange([...checks.values()], rules, ports));
  for (const [messageId, check] of checks) if (again.has(check)) unfinished.add(messageId);
  return [...unfinished];
}

/** Handles events, and says which of them (by key) must come again and why. */
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
  const keepEarly = async () => {
    const kept = early.flatMap(({ event }) => (isObject(event) ? [event] : []));
    const delays = early.map(({ targets }) =>
      Math.max(...targets.map((target) => secondsTooEarly(target, rules, now))),
    );
    if (kept.length === 0 || (await keepRest(ports, (queue) => queue.putEvents(kept, delays)))) return;
    for (const { key } of early) unfinished.set(key, 'it came too early and could not be kept');
  };
  for (const { event, problems } of parsed) {
    for (const problem of new Set(problems)) ports.telemetry.notUnderstood(eventIdOf(event), problem);
  }

  const lookUp = async ({ key, event, lookups }: (typeof parsed)[number]) => {
    for (const lookup of lookups) {
      const { known, failure } = await find(lookup, ports);
      if (failure === undefined) continue;
      const isLater = needsTime(failure.kind, lookup, now) || known.length > lookup.known.length;
      const after = lookAgainAfter(lookup, now);
      if (
        isLater &&
        isObject(event) &&
        (await keepRest(ports, (queue) => queue.putEvents([withKnown(event, known)], after)))
      )
        continue;
      unfinished.set(key, failure.message);
    }
  };
  const targets = parsed.flatMap((event) => event.targets);
  const [settled] = await Promise.all([
    remediate(targets, rules, ports, (region) => budget.paceIn(region, ports.time), []),
    pMap(parsed, lookUp, { concurrency: LOOKUPS }),
    keepEarly(),
  ]);
  const handedBack = await handBack(settled, budget, ports);
  const outcomes = settled.filter((outcome) => !handedBack.has(outcome));
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
