import { ApiError } from '../wire/errors.ts';
import { type Params, text } from '../wire/params.ts';

// API reference, DescribeInstances, MaxResults.
const PAGE = { min: 5, max: 1000 };

/** The requested page, or all items without `MaxResults`. */
export function pageOf<T>(all: readonly T[], params: Params): { readonly items: T[]; readonly nextToken?: string } {
  const token = text(params, 'NextToken');
  const from = token === undefined ? 0 : offsetOf(token);
  const size = text(params, 'MaxResults');
  if (size === undefined) return { items: all.slice(from) };
  const count = Number(size);
  if (!Number.isInteger(count) || count < PAGE.min || count > PAGE.max) {
    throw new ApiError(
      'InvalidParameterValue',
      `Value (${size}) for parameter maxResults is invalid: ${PAGE.min} to ${PAGE.max}`,
    );
  }
  const next = from + count;
  return { items: all.slice(from, next), nextToken: next < all.length ? tokenOf(next) : undefined };
}

const tokenOf = (offset: number): string => Buffer.from(`page ${offset}`).toString('base64url');

function offsetOf(token: string): number {
  const offset = /^page (\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (offset === undefined) throw new ApiError('InvalidParameterValue', 'The token is not valid');
  return Number(offset);
}
