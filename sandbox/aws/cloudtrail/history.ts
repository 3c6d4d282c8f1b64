import type { CallLog, CallRecord } from '../simulation/call-log.ts';
import type { Callers } from '../simulation/callers.ts';
import type { Software } from '../simulation/software.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { list, text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { userIdentityOf } from './identity.ts';
import { wholeSeconds } from './record.ts';
import { eventIdOf } from './recorder.ts';
import { softwareEvents } from './software-events.ts';

/** What event history depends on. */
export interface HistoryContext {
  readonly calls: CallLog;
  readonly callers: Callers;
  readonly software: Software;
  readonly account: string;
  /** How late calls are in the history, in simulated milliseconds. */
  readonly delay: number;
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html */
const LARGEST_PAGE = 50;

/** Event history has 90 days. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html */
const KEPT_MS = 90 * 86_400_000;

/** Calls of the data plane, which are no management events. */
const DATA =
  /^(events:PutEvents|sns:Publish|sqs:(Send|Receive|Delete|ChangeMessage)\w*Message\w*|sqs:SendMessageBatch)/;

/** Calls whose name CloudTrail completes with the version of the API. */
const VERSIONED: Readonly<Record<string, string>> = {
  PutFunctionConcurrency: '20171031',
  DeleteFunctionConcurrency: '20171031',
  UpdateFunctionConfiguration: '20150331v2',
};

/** Global services record their calls in one region. */
const GLOBAL: Readonly<Record<string, string>> = { iam: 'us-east-1' };

/** Management events of the last calls, newest first, as `LookupEvents` returns them. It filters by one attribute. */
export function lookUpEvents({ params, region, at: now }: ApiCall, context: HistoryContext): ResponseValue {
  const attributes = list(params, 'LookupAttributes');
  if (attributes.length > 1) throw new ApiError('InvalidLookupAttributesException', 'Specify one lookup attribute');
  const [key, value] = [text(attributes[0], 'AttributeKey'), text(attributes[0], 'AttributeValue')];
  const [from, to] = [Number(text(params, 'StartTime') ?? 0), Number(text(params, 'EndTime') ?? Infinity)];
  const own = context.calls
    .all()
    .filter((call) => (GLOBAL[call.service] ?? call.region) === region && !DATA.test(`${call.service}:${call.action}`))
    .filter(({ at }) => at >= from * 1000 && at <= to * 1000 && at + context.delay <= now)
    .map((call) => ({ at: call.at, event: eventOf(call, context.callers) }));
  const events = [...own, ...softwareEvents(context.software.calls(region, now), context.account)]
    .filter(({ at }) => at >= Math.max(from * 1000, now - KEPT_MS) && at <= to * 1000)
    .filter(({ event }) => key === undefined || text(event, key) === value)
    // Calls of the same time stay in the order in which they were made.
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event)
    .reverse();
  const size = Math.min(Number(text(params, 'MaxResults') ?? LARGEST_PAGE), LARGEST_PAGE);
  const { items, nextToken } = page(events, size, text(params, 'NextToken'), 'InvalidNextTokenException');
  return { Events: items, NextToken: nextToken };
}

function eventOf(call: CallRecord, callers: Callers): Record<string, ResponseValue> {
  const { service, action, region, at, accessKeyId, outcome, requestId } = call;
  const caller = callers.of(accessKeyId);
  const time = wholeSeconds(at);
  const eventName = service === 'lambda' ? versioned(action) : action;
  const eventSource = `${service}.amazonaws.com`;
  const readOnly = /^(Describe|Get|List|Lookup|Filter|Simulate)/.test(action);
  const eventID = eventIdOf(requestId);
  const record = {
    eventVersion: '1.11',
    userIdentity: userIdentityOf(caller, accessKeyId, time),
    eventTime: time,
    eventSource,
    eventName,
    awsRegion: GLOBAL[service] ?? region,
    sourceIPAddress: caller.sourceIp ?? '203.0.113.10',
    ...(outcome === 'ok' ? {} : { errorCode: outcome }),
    requestParameters: camel(call.params),
    responseElements: null,
    requestID: requestId,
    eventID,
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: caller.arn.split(':')[4],
    eventCategory: 'Management',
  };
  return {
    EventId: eventID,
    EventName: eventName,
    EventSource: eventSource,
    EventTime: new Date(at),
    ReadOnly: String(readOnly),
    Username: caller.arn.split('/').at(-1),
    Resources: [],
    CloudTrailEvent: JSON.stringify(record),
  };
}

const versioned = (action: string): string => `${action}${VERSIONED[action] ?? '20150331'}`;

/** Parameters as CloudTrail records them: their names begin with a small letter. */
function camel(params: CallRecord['params']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );
}
