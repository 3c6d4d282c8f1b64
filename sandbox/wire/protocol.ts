import { ApiError } from './errors.ts';
import { type Params, text } from './params.ts';
import { parseForm } from './query.ts';
import { ec2Answer, ec2Error, queryAnswer, queryError, type Wire } from './xml.ts';

/** How a service puts calls and answers on the wire. */
export interface Protocol {
  readonly contentType: string;
  request(body: string, target: string | undefined): { readonly action: string; readonly params: Params };
  answer(action: string, requestId: string, result: Wire): string;
  error(requestId: string, error: ApiError): { readonly body: string; readonly headers?: Record<string, string> };
}

const form = (body: string) => {
  const all = parseForm(body);
  const params = Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'Action' && name !== 'Version'));
  return { action: text(all, 'Action') ?? '', params };
};

const ec2: Protocol = {
  contentType: 'text/xml;charset=UTF-8',
  request: form,
  answer: ec2Answer,
  error: (requestId, { code, message }) => ({ body: ec2Error(requestId, code, message) }),
};

const query = (namespace: string): Protocol => ({
  contentType: 'text/xml',
  request: form,
  answer: (action, requestId, result) => queryAnswer(namespace, action, requestId, result),
  error: (requestId, { code, message, status }) => ({
    body: queryError(namespace, requestId, status < 500 ? 'Sender' : 'Receiver', code, message),
  }),
});

/** Codes of the older query protocol, which SQS clients still name in exceptions. */
const SQS_QUERY_CODE: Record<string, string> = { QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue' };

const sqsJson: Protocol = {
  contentType: 'application/x-amz-json-1.0',
  request: (body, target = '') => ({ action: target.split('.').at(-1) ?? '', params: parseJson(body) }),
  answer: (_action, _requestId, result) => JSON.stringify(result ?? {}),
  error: (_requestId, { code, message, status }) => ({
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message }),
    headers: { 'x-amzn-query-error': `${SQS_QUERY_CODE[code] ?? code};${status < 500 ? 'Sender' : 'Receiver'}` },
  }),
};

/** By the name in the credential scope. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  ec2,
  sns: query('http://sns.amazonaws.com/doc/2010-03-31/'),
  sts: query('https://sts.amazonaws.com/doc/2011-06-15/'),
  sqs: sqsJson,
};

function parseJson(body: string): Params {
  try {
    const value: unknown = JSON.parse(body === '' ? '{}' : body);
    if (typeof value === 'object' && value !== null) return value as Params;
  } catch {
    // falls through to the error that AWS answers
  }
  throw new ApiError('SerializationException', 'The request body is not a JSON object');
}
