import type { Shape } from '../ec2/shape.ts';
import type { ApiError } from '../wire/errors.ts';
import type { ApiCall } from '../wire/gateway.ts';
import { Entries, NamedList, type ResponseValue } from '../wire/xml.ts';
import { userIdentityOf } from './identity.ts';
import { requestParametersOf } from './request-parameters.ts';

/** The outcome of a call. */
export type Outcome = { readonly answer: Shape } | { readonly error: ApiError };

// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
const MAX_FIELD_BYTES = 100 * 1024;
const DEFAULT_SOURCE_IP = '203.0.113.10';
const CALLS_WRAPPED = new Set(['ModifyInstanceMetadataOptions', 'ModifyInstanceMetadataDefaults']);

/** The CloudTrail record of an EC2 call: the `detail` of its event. */
export function recordOf(
  call: ApiCall,
  outcome: Outcome,
  eventID: string,
  truncated: boolean,
): Record<string, unknown> {
  const { action, region, caller, accessKeyId, requestId } = call;
  const eventTime = wholeSeconds(call.at);
  const accountId = caller.arn.split(':')[4] ?? '';
  return {
    eventVersion: '1.11',
    userIdentity: userIdentityOf(caller, accessKeyId, eventTime),
    eventTime,
    eventSource: 'ec2.amazonaws.com',
    eventName: action,
    awsRegion: region,
    sourceIPAddress: caller.invokedBy ?? caller.sourceIp ?? DEFAULT_SOURCE_IP,
    userAgent: caller.invokedBy ?? caller.userAgent ?? call.userAgent,
    ...('error' in outcome ? { errorCode: errorCode(outcome.error), errorMessage: outcome.error.message } : {}),
    requestParameters: limited(requestParametersOf(call), 'requestParameters', false),
    responseElements: limited(responseElementsOf(call, outcome), 'responseElements', truncated),
    requestID: requestId,
    eventID,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: `ec2.${region}.amazonaws.com`,
    },
  };
}

/** A time without milliseconds, as in CloudTrail and EventBridge. */
export const wholeSeconds = (at: number): string => `${new Date(at).toISOString().slice(0, -5)}Z`;

const errorCode = ({ code, status }: ApiError): string => `${status < 500 ? 'Client' : 'Server'}.${code}`;

function responseElementsOf({ action, requestId }: ApiCall, outcome: Outcome): Json {
  if ('error' in outcome) return null;
  const { return: done, ...rest } = outcome.answer;
  const elements = recordForm({ requestId, ...rest }) as Record<string, Json>;
  if (done !== undefined) elements._return = true;
  if (!CALLS_WRAPPED.has(action)) return elements;
  return { [`${action}Response`]: { xmlns: 'http://ec2.amazonaws.com/doc/2016-11-15/', ...elements } };
}

/** Replaces a field that is too large by a note, as CloudTrail does. */
function limited(value: Json, field: string, always: boolean): Json {
  const originalSize = Buffer.byteLength(JSON.stringify(value));
  if (value === null || (originalSize <= MAX_FIELD_BYTES && !always)) return value;
  return { omitted: true, originalSize, reason: `${field} too large` };
}

type Json = unknown;

/** An EC2 response as recorded by CloudTrail: sets are `{items: […]}` or `{}`, times are milliseconds. */
function recordForm(value: ResponseValue, name = ''): Json {
  if (value instanceof Date) return value.getTime();
  if (value instanceof Entries) return value.values;
  if (value instanceof NamedList) return { items: value.values.map((item) => recordForm(item)) };
  if (Array.isArray(value)) {
    if (value.length === 0) return {};
    // The only set with `item` in the published sample records.
    const element = name === 'privateIpAddressesSet' ? 'item' : 'items';
    return { [element]: (value as ResponseValue[]).map((item) => recordForm(item)) };
  }
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, recordForm(child, key)]),
  );
}
