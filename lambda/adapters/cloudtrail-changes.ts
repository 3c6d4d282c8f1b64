import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import type { ChangeHistoryReader } from '../app/ports/index.ts';
import type { RecordedChange } from '../core/repeated-drift.ts';
import { drift } from '../triggers/drift.ts';
import { type Json, text } from '../triggers/json.ts';
import { readHistory } from './cloudtrail-history.ts';
import { failing } from './failures.ts';

/**
 * Reads the changes of metadata options in event history. Needs `cloudtrail:LookupEvents`.
 *
 * By the name of the call, not of the instance: one lookup is then enough for all instances of a region, and AWS does not document which
 * calls list their resources.
 */
export function cloudTrailChanges(client: (region: string) => CloudTrailClient): ChangeHistoryReader {
  return {
    page: async (region, since, token) => {
      const value = 'ModifyInstanceMetadataOptions';
      const question = { attribute: 'EventName', value, since: new Date(since), token } as const;
      const { calls, next } = await failing(readHistory(client(region), question));
      return { calls: calls.flatMap((record) => toChanges(record, region)), next };
    },
  };
}

/** The change of a record; none if the call failed, or cannot be read. */
function toChanges(record: Json, region: string): readonly RecordedChange[] {
  const id = text(record, 'eventID');
  const at = new Date(text(record, 'eventTime') ?? NaN);
  if (id === undefined || Number.isNaN(at.getTime())) return [];
  // The form of the event that EventBridge delivers, so that it is read in the same way.
  const envelope = { account: text(record, 'recipientAccountId') ?? '', region, eventId: id, occurredAt: at };
  return drift.parse({ detail: record }, envelope).targets.map(({ instanceId, context: { caller, recorded } }) => ({
    id,
    instanceId,
    at,
    httpTokens: recorded?.HttpTokens,
    principal: caller?.principal ?? 'unknown',
  }));
}
