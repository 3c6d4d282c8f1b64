import { ApiError } from '../wire/errors.ts';
import { type Params, text } from '../wire/params.ts';

/** The metadata options of an instance. */
export interface MetadataOptions {
  readonly HttpTokens: string;
  readonly HttpPutResponseHopLimit: number;
  readonly HttpEndpoint: string;
  readonly HttpProtocolIpv6: string;
  readonly InstanceMetadataTags: string;
}

/** The account's defaults in a region. An absent field means "no preference". */
export type MetadataDefaults = Partial<
  Pick<MetadataOptions, 'HttpTokens' | 'HttpPutResponseHopLimit' | 'HttpEndpoint' | 'InstanceMetadataTags'>
> & { readonly HttpTokensEnforced?: string };

const SWITCH = ['enabled', 'disabled'];
const WORDS = {
  HttpTokens: ['optional', 'required'],
  HttpEndpoint: SWITCH,
  HttpProtocolIpv6: SWITCH,
  InstanceMetadataTags: SWITCH,
} as const;

const BUILT_IN: MetadataOptions = {
  HttpTokens: 'optional',
  HttpPutResponseHopLimit: 1,
  HttpEndpoint: 'enabled',
  HttpProtocolIpv6: 'disabled',
  InstanceMetadataTags: 'disabled',
};

/** The defaults of an image that is registered with `ImdsSupport=v2.0`. */
const IMDS_V2: Partial<MetadataOptions> = { HttpTokens: 'required', HttpPutResponseHopLimit: 2 };

/**
 * The options of a launched instance.
 *
 * Precedence of each option: launch parameter, launch template, account default, image, built-in default.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html#order-of-precedence
 */
export function effectiveOptions(
  launch: Partial<MetadataOptions>,
  template: Partial<MetadataOptions>,
  defaults: MetadataDefaults,
  image: { readonly imdsSupport?: string },
): MetadataOptions {
  const { HttpTokens, HttpPutResponseHopLimit, HttpEndpoint, InstanceMetadataTags } = defaults;
  const account = { HttpTokens, HttpPutResponseHopLimit, HttpEndpoint, InstanceMetadataTags };
  const layers = [image.imdsSupport === 'v2.0' ? IMDS_V2 : {}, account, template, launch];
  const stated = layers.flatMap((layer) => Object.entries(layer).filter(([, value]) => value !== undefined));
  return { ...BUILT_IN, ...Object.fromEntries(stated) };
}

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshoot-instance-metadata.html quotes the first one for both calls;
// for changes, the second one was seen.
export const LAUNCH_REFUSED =
  "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account. " +
  'Either launch the instance with httpTokens=required or contact your account owner to disable httpTokensEnforced ' +
  'using the ModifyInstanceMetadataDefaults API or the account settings in the EC2 console.';
export const CHANGE_REFUSED =
  "You can't set httpTokens to 'optional' because httpTokensEnforced is enabled for this account.";

/** Refuses `HttpTokens=optional` where `HttpTokensEnforced` is enabled. */
export function checkEnforced(options: MetadataOptions, defaults: MetadataDefaults, message: string): void {
  if (defaults.HttpTokensEnforced !== 'enabled' || options.HttpTokens !== 'optional') return;
  throw new ApiError('UnsupportedOperation', message);
}

const HOPS = { min: 1, max: 64 };

/** Reads and validates the metadata options of a request. Options that it omits are absent. */
export function readOptions(params: unknown): Partial<MetadataOptions> {
  const options: Record<string, unknown> = {};
  for (const [name, words] of Object.entries(WORDS)) {
    const value = text(params, name);
    if (value !== undefined) options[name] = oneOf(name, value, words);
  }
  const hops = text(params, 'HttpPutResponseHopLimit');
  if (hops !== undefined) options.HttpPutResponseHopLimit = hopLimit(hops);
  return options;
}

/**
 * The defaults after a ModifyInstanceMetadataDefaults call.
 *
 * Omitted fields are unchanged, `no-preference` removes one.
 */
export function changeDefaults(defaults: MetadataDefaults, params: Params): MetadataDefaults {
  const changed: Record<string, unknown> = { ...defaults };
  const words = { ...WORDS, HttpTokensEnforced: SWITCH };
  for (const name of ['HttpTokens', 'HttpEndpoint', 'InstanceMetadataTags', 'HttpTokensEnforced'] as const) {
    const value = text(params, name);
    if (value !== undefined) changed[name] = oneOf(name, value, [...words[name], 'no-preference']);
    if (value === 'no-preference') delete changed[name];
  }
  const hops = text(params, 'HttpPutResponseHopLimit');
  if (hops === '-1') delete changed.HttpPutResponseHopLimit;
  else if (hops !== undefined) changed.HttpPutResponseHopLimit = hopLimit(hops);
  return changed;
}

function oneOf(name: string, value: string, words: readonly string[]): string {
  if (words.includes(value)) return value;
  throw new ApiError(
    'InvalidParameterValue',
    `Value (${value}) for parameter ${name} is invalid. Accepted: ${words.join(', ')}.`,
  );
}

function hopLimit(value: string): number {
  const hops = Number(value);
  if (Number.isInteger(hops) && hops >= HOPS.min && hops <= HOPS.max) return hops;
  throw new ApiError(
    'InvalidParameterValue',
    `Value (${value}) for parameter HttpPutResponseHopLimit is invalid. It is from ${HOPS.min} to ${HOPS.max}.`,
  );
}
