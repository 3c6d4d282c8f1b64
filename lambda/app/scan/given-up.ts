import pMap from 'p-map';
import { FailureError } from '../../core/failure.ts';
import { isRetried, type Outcome } from '../../core/outcome.ts';
import type { Target } from '../../core/target.ts';
import { eventIdOf, RESENT, resentOf } from '../../triggers/envelope.ts';
import { parseEvent } from '../../triggers/index.ts';
import { isObject, type Json, parseJson } from '../../triggers/json.ts';
import { parseCheck } from '../../triggers/post-change-check.ts';
import { findLaunchedInstances } from '../find-launched-instances.ts';
import type { ReceivedMessage } from '../ports/index.ts';
import { keyOf, keysOf, remediate } from '../remediate.ts';
import { report } from '../report.ts';
import { attempt, retryRefused } from '../retry.ts';
import type { ScanPorts, ScanRules } from './rules.ts';

/** How often scans send a message again. */
const MOST_RESENDS = 3;

/** Most messages that one scan sends again, so that they fit into memory. The next scan sends the others. */
const MOST_MESSAGES = 10_000;

/** Searches for the instances of launches at the same time. */
const SEARCHES = 5;

/** A message of the queue of what was given up. */
export interface GivenUpRecord {
  readonly messageId: string;
  readonly body: string;
}

/**
 * Handles messages whose tries are used up, or that a rule could not deliver: an instance that is still to be
 * remediated is notified as given up, and its message goes to the dead-letter queue, from where scans send it again.
 * Nothing is changed here.
 *
 * @returns ids of the messages that must be delivered again.
 */
export async function onGivenUp(
  records: readonly GivenUpRecord[],
  rules: ScanRules,
  ports: ScanPorts,
): Promise<string[]> {
  const { telemetry, deadLetterQueue, time } = ports;
  const messages = records.map((record) => {
    const event = parseJson(record.body);
    const resent = resentOf(event) ?? 0;
    return { ...record, event, resent, ...parseEvent(event), isCheck: parseCheck(event) !== undefined };
  });
  for (const { event, problems, isCheck } of messages) {
    if (!isCheck) problems.forEach((problem) => telemetry.notUnderstood(eventIdOf(event), problem));
  }
  // A check, or an event about prevention, exposes no instance, so it only waits for its next try.
  const remaining = new Set(messages.filter(({ isCheck, prevention }) => isCheck || prevention !== undefined));
  await pMap(
    messages,
    async (message) => {
      const { lookups, resent } = message;
      const found = await Promise.all(
        lookups.map((lookup) => findLaunchedInstances({ ...lookup, context: { ...lookup.context, resent } }, ports)),
      );
      const failure = found.find((each) => each.failure !== undefined)?.failure;
      if (failure === undefined) return;
      telemetry.warning('the instances of a launch could not be found; it was given up', failure);
      remaining.add(message);
    },
    { concurrency: SEARCHES },
  );
  const targets = messages.flatMap((message) => message.targets);
  const evaluated = await remediate(targets, rules, { ...ports, writer: undefined });
  const resends = new Map(messages.flatMap(({ targets: own, resent }) => own.map((target) => [keyOf(target), resent])));
  const outcomes = evaluated.map((outcome) => givenUp(outcome, resends.get(keyOf(outcome.target)) ?? 0, rules));
  const exposed = keysOf(outcomes.filter(({ status }) => status === 'failed'));
  for (const message of messages) if (isOneOf(message.targets, exposed)) remaining.add(message);
  const unreported = keysOf(await report(outcomes, rules, ports));
  const failed = new Set(messages.filter((message) => isOneOf(message.targets, unreported)));
  const bodies = [...remaining].filter((message) => !failed.has(message)).map(({ body }) => body);
  const { refused, failure } = await retryRefused(bodies, (some) => deadLetterQueue.put(some), time);
  if (failure)
    telemetry.warning('messages could not be sent to the dead-letter queue; they are delivered again', failure);
  for (const message of remaining) if (refused.includes(message.body)) failed.add(message);
  return [...failed].map(({ messageId }) => messageId);
}

/** What is still to be remediated, as a failure that no retry of its message undoes. */
function givenUp(outcome: Outcome, resent: number, { mode }: Pick<ScanRules, 'mode'>): Outcome {
  const isExposed = outcome.status === 'would-remediate' && mode === 'enforce';
  if (!isExposed && !isRetried(outcome)) return outcome;
  return { ...outcome, status: 'failed', reason: resent < MOST_RESENDS ? 'given-up' : 'given-up-for-good' };
}

const isOneOf = (targets: readonly Target[], keys: ReadonlySet<string>): boolean =>
  targets.some((target) => keys.has(keyOf(target)));

/** Sends messages of the dead-letter queue to the work queue again, each at most three times. */
export async function resendGivenUp({ deadLetterQueue, queue, telemetry, time }: ResendPorts): Promise<void> {
  for (let received = 0; received < MOST_MESSAGES && time.now() < time.deadline;) {
    const messages = await attempt(() => deadLetterQueue.receive());
    if (messages instanceof FailureError) return telemetry.warning('the dead-letter queue could not be read', messages);
    if (messages.length === 0) return;
    received += messages.length;
    const again = messages.flatMap((message) => {
      const event = toSendAgain(parseJson(message.body));
      return event === undefined ? [] : [{ message, event }];
    });
    const sent = await attempt(() => send(again, { deadLetterQueue, queue, telemetry, time }));
    if (sent instanceof FailureError) return telemetry.warning('messages could not be sent again', sent);
  }
}

type ResendPorts = Pick<ScanPorts, 'deadLetterQueue' | 'queue' | 'telemetry' | 'time'>;

/** What is sent and not deleted is handled twice, which the second time changes nothing. */
async function send(
  again: readonly { readonly message: ReceivedMessage; readonly event: object }[],
  { deadLetterQueue, queue, telemetry, time }: ResendPorts,
): Promise<void> {
  if (again.length === 0) return;
  await queue.putEvents(
    again.map(({ event }) => event),
    0,
  );
  const sent = again.map(({ message }) => message);
  const { failure } = await retryRefused(sent, (some) => deadLetterQueue.remove(some), time);
  if (failure) telemetry.warning('messages were sent again and not deleted; the next scan sends them, too', failure);
}

/** The event to send, with its count; `undefined` for what was sent often enough, and what the work queue does not take. */
function toSendAgain(event: Json): object | undefined {
  const resent = resentOf(event) ?? 0;
  if (!isObject(event) || resent >= MOST_RESENDS) return undefined;
  const { targets, lookups, prevention } = parseEvent(event);
  const namesInstances = targets.length > 0 || lookups.length > 0 || parseCheck(event) !== undefined;
  const isWork = namesInstances || prevention !== undefined;
  return isWork ? { ...event, [RESENT]: resent + 1 } : undefined;
}
