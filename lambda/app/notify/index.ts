import { FailureError } from '../../core/failure.ts';
import { readDetail } from '../../core/outcome-event.ts';
import { eventIdOf } from '../../triggers/envelope.ts';
import { parseJson, text } from '../../triggers/json.ts';
import type { ReceivedMessage } from '../ports/index.ts';
import { attempt, retryRefused } from '../retry.ts';
import { deliver, isReadable, type Received } from './deliver.ts';
import { withCallers } from './impact-callers.ts';
import { withRepeatedDrift } from './repeated-drift.ts';
import type { NotifyPorts, NotifyRules } from './rules.ts';

/** A message of the urgent queue. */
export interface UrgentRecord {
  readonly messageId: string;
  readonly body: string;
}

/** Most messages of the summary queue that one run reads, so that they fit into memory. The next run reads the others. */
const MOST_SUMMARIES = 5_000;

/** Calls at the same time, once the queue is known to have messages. */
const PARALLEL_CALLS = 5;

/**
 * Handles a batch of the urgent queue: events that are notified at once, and the schedule, which asks for the summaries.
 *
 * Of several alerts about the same subject, the first is sent at once; the others of the window go to the summary queue. Repeated
 * drift is sent at once.
 *
 * @returns ids of the messages that must be delivered again.
 */
export async function onUrgent(
  records: readonly UrgentRecord[],
  rules: NotifyRules,
  ports: NotifyPorts,
): Promise<string[]> {
  const { recent, summaries, telemetry, time } = ports;
  const parsed = records.map((record) => ({ record, event: parseJson(record.body) }));
  const events = parsed.map(({ record, event }) => ({ message: record, event })).filter(isNotSchedule);
  const urgent = await withHistory(recent.withoutRepeats(read(events, rules, ports), time.now()), ports);
  const repeated = urgent.filter(({ detail }) => recent.has(detail, time.now()));
  const bodies = repeated.map(({ message }) => message.body);
  const { refused, failure } = await retryRefused(bodies, (some) => summaries.put(some), time);
  const summarized = new Set(repeated.filter(({ message }) => !refused.includes(message.body)));
  if (failure) telemetry.warning('alerts could not be summarized; they are sent at once', failure);
  const failed = await deliver(
    urgent.filter((received) => !summarized.has(received)),
    rules,
    ports,
  );
  if (parsed.some(({ event }) => isSchedule(event))) await sendSummaries(rules, ports);
  return failed.map(({ message }) => message.messageId);
}

/** Sends what is on the summary queue. What SNS does not accept stays there until a later run. */
async function sendSummaries(rules: NotifyRules, ports: NotifyPorts): Promise<void> {
  const { recent, summaries, telemetry, time } = ports;
  const messages = await receiveAll(ports);
  const parsed = messages.map((message) => ({ message, event: parseJson(message.body) }));
  const received = await withHistory(recent.withoutRepeats(read(parsed, rules, ports), time.now()), ports);
  const failed = new Set((await deliver(received, rules, ports)).map(({ message }) => message));
  const done = messages.filter((message) => !failed.has(message));
  // What stays on the queue is in the next summary, too.
  const { failure } = await retryRefused(done, (some) => summaries.remove(some), time);
  if (failure) telemetry.warning('summarized events were not deleted', failure);
}

/** What CloudTrail's event history adds to alerts. */
const withHistory = async <T>(received: readonly Received<T>[], ports: NotifyPorts): Promise<Received<T>[]> =>
  withCallers(await withRepeatedDrift(received, ports), ports);

async function receiveAll({ summaries, telemetry, time }: NotifyPorts): Promise<readonly ReceivedMessage[]> {
  const messages: ReceivedMessage[] = [];
  let calls = 1;
  while (messages.length < MOST_SUMMARIES && time.now() < time.deadline) {
    const pages = await Promise.all(Array.from({ length: calls }, () => attempt(() => summaries.receive())));
    const failure = pages.find((page) => page instanceof FailureError);
    if (failure !== undefined) telemetry.warning('the summary queue could not be read', failure);
    const received = pages.flatMap((page) => (page instanceof FailureError ? [] : page));
    if (received.length === 0) break;
    messages.push(...received);
    calls = PARALLEL_CALLS;
  }
  return messages;
}

/** The events of messages. What cannot be read is logged and counted, and not delivered again. */
function read<T>(
  parsed: readonly { readonly message: T; readonly event: unknown }[],
  rules: NotifyRules,
  { telemetry, time }: NotifyPorts,
): Received<T>[] {
  return parsed.flatMap(({ message, event }) => {
    const detail = readDetail(event);
    if (detail !== undefined && isReadable(detail, rules, time.now())) return [{ message, detail }];
    telemetry.notUnderstood(eventIdOf(event), 'the notifier does not know this kind of event');
    return [];
  });
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
const isSchedule = (event: unknown): boolean =>
  text(event, 'source') === 'aws.events' && text(event, 'detail-type') === 'Scheduled Event';

const isNotSchedule = ({ event }: { readonly event: unknown }): boolean => !isSchedule(event);
