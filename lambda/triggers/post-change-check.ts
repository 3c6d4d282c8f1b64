import { SOURCE } from '../contract.ts';
import { toInstanceId } from '../core/target.ts';
import { readEnvelope } from './envelope.ts';
import { at, type Json, text } from './json.ts';

const DETAIL_TYPE = 'Post-change check';

/** A post-change check that is due: did the remediation of an instance affect its workload? */
export interface PostChangeCheck {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly instanceId: string;
  readonly remediatedAt: Date;
  /** Number of checks that were done already, from 0. */
  readonly checksDone: number;
}

/** A check as a message of the work queue. */
export function toCheckMessage({ account, region, remediatedAt, ...detail }: PostChangeCheck): object {
  return { source: SOURCE, 'detail-type': DETAIL_TYPE, account, region, time: remediatedAt.toISOString(), detail };
}

/** The check in a message of the work queue; `undefined` if the message is anything else. */
export function parseCheck(message: Json): PostChangeCheck | undefined {
  if (text(message, 'source') !== SOURCE || text(message, 'detail-type') !== DETAIL_TYPE) return undefined;
  const envelope = readEnvelope(message);
  const instanceId = toInstanceId(text(message, 'detail', 'instanceId'));
  const checksDone = at(message, 'detail', 'checksDone');
  if (typeof envelope === 'string' || instanceId === undefined) return undefined;
  if (typeof checksDone !== 'number' || !Number.isSafeInteger(checksDone) || checksDone < 0) return undefined;
  const { account, region, occurredAt: remediatedAt } = envelope;
  return { account, region, instanceId, remediatedAt, checksDone };
}
