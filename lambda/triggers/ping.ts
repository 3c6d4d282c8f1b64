import { PING } from '../contract.ts';
import { toInstanceId } from '../core/target.ts';
import { readEnvelope } from './envelope.ts';
import { at, type Json, text } from './json.ts';
import { asksFor, type BusRule, type EventReader, notUnderstood } from './trigger.ts';

/** A request of `imdsv2 doctor`: does the function run, and what would EC2 allow it? */
export interface Ping {
  readonly account: string;
  readonly region: string;
  readonly eventId: string;
  /** Identifies the answer in the log. */
  readonly nonce: string;
  /** The instance for a dry run; absent for no dry run. */
  readonly instanceId?: string;
}

const NONCE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The rule and reader of pings, which ask for no change.
 *
 * They have a source of their own, because PutEvents does not accept events in the name of an AWS service.
 */
export const ping: BusRule & EventReader = {
  ruleId: 'Ping',
  description: 'Checks that the function runs and what EC2 allows it (imdsv2 doctor)',
  pattern: { source: [PING.source], 'detail-type': [PING.detailType] },
  accepts: (event) => text(event, 'source') === PING.source && text(event, 'detail-type') === PING.detailType,
  parse: (event) => {
    const read = readPing(event);
    return typeof read === 'string' ? notUnderstood(read) : asksFor();
  },
};

/** The ping in an event, or what is wrong with the event. */
export function readPing(event: Json): Ping | string {
  const envelope = readEnvelope(event);
  if (typeof envelope === 'string') return envelope;
  const { account, region, eventId } = envelope;
  const nonce = text(event, 'detail', 'nonce') ?? '';
  if (!NONCE.test(nonce)) return 'detail has no nonce that is a UUID';
  const named = at(event, 'detail', 'instanceId');
  const instanceId = toInstanceId(text(event, 'detail', 'instanceId'));
  if (named !== undefined && instanceId === undefined) return 'detail has no usable instanceId';
  return { account, region, eventId, nonce, instanceId };
}
