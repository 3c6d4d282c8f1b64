import { type CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import type { ChangeHistoryReader } from '../app/ports/index.ts';
import type { RecordedChange } from '../core/repeated-drift.ts';
import { drift } from '../triggers/drift.ts';
import { parseJson, text } from '../triggers/json.ts';
import { failing } from './failures.ts';

/**
 * Reads the changes of metadata options in event history. Needs `cloudtrail:LookupEvents`.
 *
 * By the name of the call, not of the instance: one lookup is then enough for all instances of a region, and AWS does not document which
 * calls list their resources. Calls are in the history within about five minutes.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
 */
export function cloudTrailChanges(client: (region: string) => CloudTrailClient): ChangeHistoryReader {
  return {
    page: async (region, since, NextToken) => {
      const LookupAttributes = [
        { AttributeKey: 'EventName' as const, AttributeValue: 'ModifyInstanceMetadataOptions' },
      ];
      const input = { LookupAttributes, StartTime: new Date(since), MaxResults: PAGE, NextToken };
      const { Events = [], NextToken: next } = await failing(client(region).send(new LookupEventsCommand(input)));
      return { calls: Events.flatMap(({ CloudTrailEvent = '' }) => toChanges(CloudTrailEvent, region)), next };
    },
  };
}

/** The largest page. */
const PAGE = 50;

/** The change of a record; none if the call failed, or cannot be read. */
function toChanges(json: string, region: string): readonly RecordedChange[] {
  const record = parseJson(json);
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
