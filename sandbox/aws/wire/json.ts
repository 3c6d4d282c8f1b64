import { ApiError } from './errors.ts';
import type { Params } from './params.ts';
import type { Protocol } from './protocol.ts';
import type { ResponseValue } from './xml.ts';

/** A response as JSON. Times are seconds since 1970. */
export const toJson = (result: ResponseValue): string =>
  JSON.stringify(result ?? {}, function (this: Record<string, unknown>, name, value: unknown) {
    const raw = this[name];
    return raw instanceof Date ? raw.getTime() / 1000 : value;
  });

/** https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export const json = (version: '1.0' | '1.1', namespace = ''): Protocol => ({
  contentType: `application/x-amz-json-${version}`,
  request: ({ body, target = '' }) => ({ action: target.split('.').at(-1) ?? '', params: parseJson(body) }),
  answer: (_action, _requestId, result) => toJson(result),
  error: (_requestId, { code, message }) => ({ body: JSON.stringify({ __type: namespace + code, message }) }),
});

/** For services that migrated from the query protocol, whose error codes SDK clients still expect. */
const formerlyQuery = (protocol: Protocol, codes: Readonly<Record<string, string>>): Protocol => ({
  ...protocol,
  error: (requestId, error) => ({
    ...protocol.error(requestId, error),
    headers: {
      'x-amzn-query-error': `${codes[error.code] ?? error.code};${error.status < 500 ? 'Sender' : 'Receiver'}`,
    },
  }),
});

export const sqsJson = formerlyQuery(json('1.0', 'com.amazonaws.sqs#'), {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
});

export const cloudWatchJson = formerlyQuery(json('1.0', 'com.amazonaws.cloudwatch#'), {
  InvalidParameterValueException: 'InvalidParameterValue',
  ValidationException: 'ValidationError',
});

function parseJson(body: string): Params {
  try {
    const value: unknown = JSON.parse(body === '' ? '{}' : body);
    if (typeof value === 'object' && value !== null) return value as Params;
  } catch {
    // reported below, as AWS does
  }
  throw new ApiError('SerializationException', 'The request body is not a JSON object');
}
