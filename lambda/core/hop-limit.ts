import type { MetadataOptions } from './instance.ts';

/** The hop limit to set so that it is at least `atLeast`; `undefined` if it is already, or if it is unknown. */
export function raisedHopLimit({ HttpPutResponseHopLimit }: MetadataOptions, atLeast: number): number | undefined {
  return (HttpPutResponseHopLimit ?? atLeast) < atLeast ? atLeast : undefined;
}
