import type { ApiError } from './errors.ts';
import { cloudWatchJson, json, sqsJson } from './json.ts';
import { type Params, text } from './params.ts';
import { parseForm } from './query.ts';
import { lambdaRest } from './rest.ts';
import { ec2Answer, ec2Error, queryAnswer, queryError, type Wire } from './xml.ts';

/** A request as it came in. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** The header `X-Amz-Target`. */
  readonly target?: string;
  readonly body: string;
}

/** How a service puts calls and answers on the wire. */
export interface Protocol {
  readonly contentType: string;
  request(http: HttpRequest): { readonly action: string; readonly params: Params };
  answer(action: string, requestId: string, result: Wire): string;
  error(requestId: string, error: ApiError): { readonly body: string; readonly headers?: Record<string, string> };
}

const form = ({ body }: HttpRequest) => {
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

/** By the name in the credential scope. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  ec2,
  sns: query('http://sns.amazonaws.com/doc/2010-03-31/'),
  sts: query('https://sts.amazonaws.com/doc/2011-06-15/'),
  cloudformation: query('http://cloudformation.amazonaws.com/doc/2010-05-15/'),
  sqs: sqsJson,
  monitoring: cloudWatchJson,
  cloudtrail: json('1.1'),
  events: json('1.1'),
  logs: json('1.1'),
  lambda: lambdaRest,
};
