import { PING } from '../contract.ts';
import { toInstanceId } from '../core/target.ts';
import { readEnvelope } from './envelope.ts';
import { at, type Json, text } from './json.ts';
import { asksFor, type BusRule, type EventReader, notUnderstood } from './trigger.ts';

/** Somebody asks whether the function is alive, and what EC2 would allow it. */
export interface Ping {
  readonly account: string;
  readonly region: string;
  readonly eventId: string;
  /** By which the one who asks finds the answer in the log. */
  readonly nonce: string;
  /** What to try on. */
  readonly instanceId?: string;
}

const NONCE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A ping looks at no instance and asks for no change. It has a source of its own, because nobody can put an event in the name of
 * an AWS service.
 *
 * It is answered only where it comes straight from the bus: one that was redriven is understood, and nobody waits for it any more.
 */
export const ping: BusRule & EventReader = {
  ruleId: 'Ping',
  description: 'Asks whether the function is alive and what EC2 would allow it (imdsv2 doctor)',
  delivery: 'direct',
  pattern: { source: [PING.source], 'detail-type': [PING.detailType] },
  accepts: (event) => text(event, 'source') === PING.source && text(event, 'detail-type') === PING.detailType,
  parse: (event) => {
    const read = readPing(event);
    return typeof read === 'string' ? notUnderstood(read) : asksFor();
  },
};

/** What a ping asks, or what is wrong with it. */
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
