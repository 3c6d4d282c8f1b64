import { ApiError } from '../wire/errors.ts';
import { type Params, text } from '../wire/params.ts';

/** The sizes of pages that a call accepts, and whether it returns everything without `MaxResults`. */
interface PageSize {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

// API reference, DescribeInstances, MaxResults.
const PAGE: PageSize = { min: 5, max: 1000, whole: true };

/** The requested page. Without `MaxResults` it has all items, or as many as a page may have. */
export function pageOf<T>(
  all: readonly T[],
  params: Params,
  { min, max, whole } = PAGE,
): { readonly items: T[]; readonly nextToken?: string } {
  const token = text(params, 'NextToken');
  const from = token === undefined ? 0 : offsetOf(token);
  const size = text(params, 'MaxResults') ?? (whole ? undefined : String(max));
  if (size === undefined) return { items: all.slice(from) };
  const count = Number(size);
  if (!Number.isInteger(count) || count < min || count > max) {
    throw new ApiError(
      'InvalidParameterValue',
      `Value (${size}) for parameter maxResults is invalid: ${min} to ${max}`,
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
