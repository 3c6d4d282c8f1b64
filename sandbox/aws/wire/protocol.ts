import type { ApiError } from './errors.ts';
import type { Params } from './params.ts';
import type { ResponseValue } from './xml.ts';

/** A request as it was received. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query string. */
  readonly url: string;
  /** The header `X-Amz-Target`. */
  readonly target?: string;
  readonly body: string;
}

/** How a service serializes requests, responses and errors. */
export interface Protocol {
  readonly contentType: string;
  request(http: HttpRequest): { readonly action: string; readonly params: Params };
  answer(action: string, requestId: string, result: ResponseValue): string;
  error(requestId: string, error: ApiError): { readonly body: string; readonly headers?: Record<string, string> };
}
