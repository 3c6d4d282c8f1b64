import type { MetadataOptions } from './instance.ts';

/** The hop limit to send so that it is at least so many; `undefined` where it is that already, or not known. Never a lower one. */
export function raisedHopLimit({ HttpPutResponseHopLimit }: MetadataOptions, atLeast: number): number | undefined {
  return (HttpPutResponseHopLimit ?? atLeast) < atLeast ? atLeast : undefined;
}
