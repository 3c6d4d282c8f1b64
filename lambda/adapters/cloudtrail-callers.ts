import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import type { CallHistoryReader } from '../app/ports/index.ts';
import type { RecordedCall } from '../core/callers/calls.ts';
import { type Json, text } from '../triggers/json.ts';
import { readHistory } from './cloudtrail-history.ts';
import { failing } from './failures.ts';

/**
 * Reads the calls of instances in event history. Needs `cloudtrail:LookupEvents`.
 *
 * The user name of an event is the session name of a role, which EC2 sets to the instance id. A user who assumes a role may
 * choose any name: only the sessions of instance roles have a delivery.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function cloudTrailCallers(client: (region: string) => CloudTrailClient): CallHistoryReader {
  return {
    page: async (region, value, token) => {
      const { calls, next } = await failing(readHistory(client(region), { attribute: 'Username', value, token }));
      return { calls: calls.flatMap((record) => toCall(record) ?? []), next };
    },
  };
}

/** The call of a record; `undefined` if it is none. Any field may be absent, and is then empty. */
function toCall(record: Json): RecordedCall | undefined {
  const at = new Date(text(record, 'eventTime') ?? NaN);
  if (Number.isNaN(at.getTime())) return undefined;
  return {
    at,
    service: (text(record, 'eventSource') ?? '').replace(/\.amazonaws\.com(\.cn)?$/, ''),
    delivery: text(record, 'userIdentity', 'sessionContext', 'ec2RoleDelivery'),
    userAgent: text(record, 'userAgent') ?? '',
    sourceAddress: text(record, 'sourceIPAddress') ?? '',
    vpcEndpointId: text(record, 'vpcEndpointId'),
  };
}
