import { ApiError } from './errors.ts';
import { toJson } from './json.ts';
import type { HttpRequest, Protocol } from './protocol.ts';

/** Supported paths of the Lambda API. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
const ROUTES: readonly (readonly [method: string, path: RegExp, action: string])[] = [
  ['GET', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)$/, 'GetFunction'],
  ['DELETE', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)$/, 'DeleteFunction'],
  ['GET', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/configuration$/, 'GetFunctionConfiguration'],
  ['PUT', /^\/2015-03-31\/functions\/(?<FunctionName>[^/]+)\/configuration$/, 'UpdateFunctionConfiguration'],
  ['GET', /^\/2019-09-30\/functions\/(?<FunctionName>[^/]+)\/concurrency$/, 'GetFunctionConcurrency'],
  ['PUT', /^\/2017-10-31\/functions\/(?<FunctionName>[^/]+)\/concurrency$/, 'PutFunctionConcurrency'],
  ['DELETE', /^\/2017-10-31\/functions\/(?<FunctionName>[^/]+)\/concurrency$/, 'DeleteFunctionConcurrency'],
  ['GET', /^\/2015-03-31\/event-source-mappings\/?$/, 'ListEventSourceMappings'],
  ['PUT', /^\/2015-03-31\/event-source-mappings\/(?<UUID>[^/]+)$/, 'UpdateEventSourceMapping'],
  ['DELETE', /^\/2015-03-31\/event-source-mappings\/(?<UUID>[^/]+)$/, 'DeleteEventSourceMapping'],
];

/** https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export const lambdaRest: Protocol = {
  contentType: 'application/json',
  request: (http) => routed(http),
  answer: (_action, _requestId, result) => toJson(result),
  error: (_requestId, { code, message, status }) => ({
    body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message }),
    headers: { 'x-amzn-errortype': code },
  }),
};

function routed({ method, url, body }: HttpRequest) {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  for (const [verb, path, action] of ROUTES) {
    const match = verb === method ? path.exec(pathname) : null;
    if (match === null) continue;
    const inPath = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    const inBody = body === '' ? {} : (JSON.parse(body) as object);
    return {
      action,
      params: { ...inBody, ...Object.fromEntries(searchParams), ...(Object.fromEntries(inPath) as object) },
    };
  }
  throw new ApiError('UnknownOperationException', `The local AWS has no lambda:${method} ${pathname}`, 404);
}
