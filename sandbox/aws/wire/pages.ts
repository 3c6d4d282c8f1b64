import { ApiError } from './errors.ts';

/** One page of a list, and the token of the next page. */
export function page<T>(
  all: readonly T[],
  size: number,
  token: string | undefined,
  refusal = 'ValidationException',
): { readonly items: T[]; readonly nextToken?: string } {
  const from = token === undefined ? 0 : offsetIn(token, refusal);
  const next = from + size;
  return { items: all.slice(from, next), nextToken: next < all.length ? tokenOf(next) : undefined };
}

const tokenOf = (offset: number): string => Buffer.from(`from ${offset}`).toString('base64url');

function offsetIn(token: string, refusal: string): number {
  const offset = /^from (\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (offset === undefined) throw new ApiError(refusal, 'The next token is not valid');
  return Number(offset);
}
