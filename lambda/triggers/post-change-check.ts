import { SOURCE } from '../contract.ts';
import { toInstanceId } from '../core/target.ts';
import { readEnvelope } from './envelope.ts';
import { at, type Json, text } from './json.ts';

const DETAIL_TYPE = 'Break watch';

/** An instance that was closed, and must be looked after: did that break something? */
export interface Watch {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly instanceId: string;
  readonly closedAt: Date;
  /** How often it was looked after already; from 0. */
  readonly asked: number;
}

/** What a watch looks like on the queue. */
export function toWatchMessage({ account, region, closedAt, ...detail }: Watch): object {
  return { source: SOURCE, 'detail-type': DETAIL_TYPE, account, region, time: closedAt.toISOString(), detail };
}

/** The watch in a message of the work queue; `undefined` for anything else. */
export function parseWatch(message: Json): Watch | undefined {
  if (text(message, 'source') !== SOURCE || text(message, 'detail-type') !== DETAIL_TYPE) return undefined;
  const envelope = readEnvelope(message);
  const instanceId = toInstanceId(text(message, 'detail', 'instanceId'));
  const asked = at(message, 'detail', 'asked');
  if (typeof envelope === 'string' || instanceId === undefined) return undefined;
  if (typeof asked !== 'number' || !Number.isSafeInteger(asked) || asked < 0) return undefined;
  const { account, region, occurredAt: closedAt } = envelope;
  return { account, region, instanceId, closedAt, asked };
}
