import type { AccountDefaults } from '../rollback.ts';
import type { Image, LaunchInventory, LaunchSpec } from './inventory.ts';

/** What decides about `HttpTokens` of a launch, in AWS's order of precedence. */
export type DecidedBy = 'launch' | 'account-default' | 'ami' | 'built-in';

/** The metadata options that a launch would get now. */
export interface EffectiveOptions {
  /** `unknown` if what decides could not be read. */
  readonly tokens: 'required' | 'optional' | 'unknown';
  readonly decidedBy: DecidedBy;
  readonly hopLimit: number;
}

/** The hop limit with which containers get a token. */
export const CONTAINER_HOP_LIMIT = 2;

/**
 * The options of a launch, each by itself: what it states, then the account default, then the AMI, then AWS's own.
 *
 * A value that AWS may add counts as `optional`: nothing is known to require tokens.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html#instance-metadata-options-order-of-precedence
 */
export function effectiveOptions(
  { options, imageId }: LaunchSpec,
  { defaults, images }: Pick<LaunchInventory, 'defaults' | 'images'>,
): EffectiveOptions {
  const image = imageId === undefined ? undefined : images.get(imageId);
  const requiredByAmi = image?.imdsSupport === 'v2.0';
  const hopLimit =
    options.HttpPutResponseHopLimit ?? limitOf(defaults) ?? (requiredByAmi ? CONTAINER_HOP_LIMIT : BUILT_IN_HOP_LIMIT);
  const decided = (value: string | undefined, decidedBy: DecidedBy): EffectiveOptions | undefined =>
    isStated(value) ? { tokens: value === 'required' ? 'required' : 'optional', decidedBy, hopLimit } : undefined;
  return (
    decided(options.HttpTokens, 'launch') ??
    decided(defaults?.HttpTokens, 'account-default') ??
    byAmi(defaults, image, requiredByAmi, hopLimit)
  );
}

const BUILT_IN_HOP_LIMIT = 1;

const isStated = (value: string | undefined): boolean => value !== undefined && value !== 'no-preference';

/** The account default of the hop limit; -1 is no preference. */
const limitOf = (defaults: AccountDefaults | undefined): number | undefined => {
  const { HttpPutResponseHopLimit: limit = -1 } = defaults ?? {};
  return limit > 0 ? limit : undefined;
};

function byAmi(
  defaults: AccountDefaults | undefined,
  image: Image | undefined,
  requiredByAmi: boolean,
  hopLimit: number,
): EffectiveOptions {
  if (defaults === undefined) return { tokens: 'unknown', decidedBy: 'account-default', hopLimit };
  if (requiredByAmi) return { tokens: 'required', decidedBy: 'ami', hopLimit };
  return image === undefined
    ? { tokens: 'unknown', decidedBy: 'ami', hopLimit }
    : { tokens: 'optional', decidedBy: 'built-in', hopLimit };
}
