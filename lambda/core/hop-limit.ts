import type { MetadataOptions } from './instance.ts';

/** The hop limit to set to reach `atLeast`; `undefined` if it is high enough already, or unknown. */
export function raisedHopLimit({ HttpPutResponseHopLimit }: MetadataOptions, atLeast: number): number | undefined {
  return (HttpPutResponseHopLimit ?? atLeast) < atLeast ? atLeast : undefined;
}
