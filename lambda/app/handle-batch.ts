import { MAX_RECEIVES } from '../core/delivery.ts';
import { parseJson } from '../triggers/json.ts';
import { ping } from '../triggers/ping.ts';
import { parseCheck, type PostChangeCheck } from '../triggers/post-change-check.ts';
import { Budget } from './budget.ts';
import { type EventMessage, handleEvents, type EventRules } from './handle-events.ts';
import type { Ports } from './ports/index.ts';
import { runPostChangeChecks } from './post-change-checks.ts';

/** A message of a queue. */
export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
  /** How often it was delivered, this time included. */
  readonly receiveCount: number;
}

/** From this delivery on, a message may be one that crashes the function, and the others of its batch with it. */
const SUSPECT_RECEIVES = 3;

/**
 * Handles a batch of messages: events, recorded findings, post-change checks, pings, and messages that an operator
 * moved here from the dead-letter queue.
 *
 * Nothing that takes long is waited for: it is handed back to the queue. So a batch takes seconds, whatever it
 * contains, and no region delays another. A message with which the function cannot cope is found by halving the batch,
 * so that it fails alone. If it crashes the function, all messages of the batch are delivered again at the same time;
 * so from the third delivery on, messages take turns, in halves that change, and those that crash nothing get through.
 *
 * @param budget what the execution environment knows of EC2's request rate from earlier batches.
 * @returns ids of the messages that must be delivered again.
 */
export async function handleBatch(
  records: readonly QueueRecord[],
  rules: EventRules,
  ports: Ports,
  budget = new Budget(),
): Promise<string[]> {
  const due = records.filter((record) => records.length === 1 || isItsTurn(record));
  const putOff = records.filter((record) => !due.includes(record)).map(({ messageId }) => messageId);
  return [...putOff, ...(await handleHalving(due, rules, ports, budget))];
}

/** Whether a message is handled at this delivery: always at first and at last, and at one of each two between. */
function isItsTurn({ messageId, receiveCount }: QueueRecord): boolean {
  if (receiveCount < SUSPECT_RECEIVES || receiveCount >= MAX_RECEIVES) return true;
  const round = Math.floor((receiveCount - SUSPECT_RECEIVES) / 2);
  // Ids are random, so that any two messages are soon apart.
  return messageId.charCodeAt(round % messageId.length) % 2 === receiveCount % 2;
}

async function handleHalving(
  records: readonly QueueRecord[],
  rules: EventRules,
  ports: Ports,
  budget: Budget,
): Promise<string[]> {
  try {
    return await handleAll(records, rules, ports, budget);
  } catch (error) {
    ports.telemetry.warning(`a batch of ${records.length} failed`, error);
    if (records.length === 1) return records.map(({ messageId }) => messageId);
    const half = Math.ceil(records.length / 2);
    const first = await handleHalving(records.slice(0, half), rules, ports, budget);
    return [...first, ...(await handleHalving(records.slice(half), rules, ports, budget))];
  }
}

async function handleAll(
  records: readonly QueueRecord[],
  rules: EventRules,
  ports: Ports,
  budget: Budget,
): Promise<string[]> {
  const events: EventMessage[] = [];
  const checks = new Map<string, PostChangeCheck>();
  const pings: unknown[] = [];
  for (const { messageId, body, receiveCount } of records) {
    const content = parseJson(body);
    const check = parseCheck(content);
    if (check !== undefined) checks.set(messageId, check);
    else if (ping.accepts(content)) pings.push(content);
    else events.push({ messageId, event: content, receiveCount });
  }
  const [unfinished, uncheckedMessages] = await Promise.all([
    handleEvents(events, rules, ports, budget),
    runPostChangeChecks([...checks.values()], rules, ports),
    ...pings.map((event) => ports.answerPing?.(event)),
  ]);
  const unchecked = new Set(uncheckedMessages);
  return [...unfinished, ...[...checks].flatMap(([messageId, check]) => (unchecked.has(check) ? [messageId] : []))];
}
