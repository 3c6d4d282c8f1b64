import type { MetadataOptions } from '../instance.ts';
import { CONTAINER_HOP_LIMIT } from './effective.ts';

/** The options that a launch template states, with those that the product does not know, and without their state. */
export const statedOptions = (options: MetadataOptions): MetadataOptions =>
  Object.fromEntries(
    Object.entries(options).filter(([name, value]: [string, unknown]) => name !== 'State' && value !== undefined),
  );

/**
 * The options of a version that requires IMDSv2: all that are stated, because a version inherits them as a whole, and
 * on container hosts a hop limit with which containers get a token.
 *
 * @param hopLimit that launches get now, stated or not.
 */
export function requiringOptions(stated: MetadataOptions, hopLimit: number, containerHost: boolean): MetadataOptions {
  const isTooLow = containerHost && hopLimit < CONTAINER_HOP_LIMIT;
  return {
    ...statedOptions(stated),
    HttpTokens: 'required',
    ...(isTooLow && { HttpPutResponseHopLimit: CONTAINER_HOP_LIMIT }),
  };
}
