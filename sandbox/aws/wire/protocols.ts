import { cloudWatchJson, json, sqsJson } from './json.ts';
import { text } from './params.ts';
import type { HttpRequest, Protocol } from './protocol.ts';
import { parseForm } from './query.ts';
import { lambdaRest } from './rest.ts';
import { ec2Answer, ec2Error, queryAnswer, queryError } from './xml.ts';

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

/** The protocol of each service, by the service name in the credential scope. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  ec2,
  sns: query('http://sns.amazonaws.com/doc/2010-03-31/'),
  sts: query('https://sts.amazonaws.com/doc/2011-06-15/'),
  cloudformation: query('http://cloudformation.amazonaws.com/doc/2010-05-15/'),
  sqs: sqsJson,
  monitoring: cloudWatchJson,
  iam: query('https://iam.amazonaws.com/doc/2010-05-08/'),
  autoscaling: query('http://autoscaling.amazonaws.com/doc/2011-01-01/'),
  kms: json('1.1'),
  cloudtrail: json('1.1'),
  events: json('1.1'),
  logs: json('1.1'),
  lambda: lambdaRest,
};
