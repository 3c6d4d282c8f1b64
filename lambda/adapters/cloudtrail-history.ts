import { type CloudTrailClient, type LookupAttribute, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import type { CallPage } from '../app/ports/index.ts';
import { type Json, parseJson } from '../triggers/json.ts';

/** The largest page. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html */
const PAGE = 50;

/** Which calls of event history are read: a page of them. */
interface Question {
  readonly attribute: 'EventName' | 'Username';
  readonly value: string;
  readonly since?: Date;
  readonly token?: string;
}

/**
 * Reads a page of CloudTrail's event history, newest first. Needs `cloudtrail:LookupEvents`.
 *
 * It has the management events of 90 days in one region, even without a trail, and is about five minutes late.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
 *
 * @throws the error of the SDK
 */
export async function readHistory(
  client: CloudTrailClient,
  { attribute, value, since, token }: Question,
): Promise<CallPage<Json>> {
  const LookupAttributes: LookupAttribute[] = [{ AttributeKey: attribute, AttributeValue: value }];
  const input = { LookupAttributes, StartTime: since, MaxResults: PAGE, NextToken: token };
  const { Events = [], NextToken: next } = await client.send(new LookupEventsCommand(input));
  return { calls: Events.map(({ CloudTrailEvent = '' }) => parseJson(CloudTrailEvent)), next };
}
