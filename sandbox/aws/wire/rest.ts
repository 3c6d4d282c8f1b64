import { ApiError } from './errors.ts';
import { toJson } from './json.ts';
import type { HttpRequest, Protocol } from './protocol.ts';

/** Supported paths of the Lambda API. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
const ROUTES: readonly (readonly [path: RegExp, action: string])[] = [
  [/^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)$/, 'GetFunction'],
  [/^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/configuration$/, 'GetFunctionConfiguration'],
  [/^\/2015-03-31\/event-source-mappings\/?$/, 'ListEventSourceMappings'],
];

/** https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html, GET requests only */
export const lambdaRest: Protocol = {
  contentType: 'application/json',
  request: (http) => routed(http),
  answer: (_action, _requestId, result) => toJson(result),
  error: (_requestId, { code, message, status }) => ({
    body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message }),
    headers: { 'x-amzn-errortype': code },
  }),
};

function routed({ method, url }: HttpRequest) {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  for (const [path, action] of method === 'GET' ? ROUTES : []) {
    const match = path.exec(pathname);
    if (match === null) continue;
    const inPath = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { action, params: { ...Object.fromEntries(searchParams), ...(Object.fromEntries(inPath) as object) } };
  }
  throw new ApiError('UnknownOperationException', `The local AWS has no lambda:${method} ${pathname}`, 404);
}
