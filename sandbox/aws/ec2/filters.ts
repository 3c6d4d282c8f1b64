import { ApiError } from '../wire/errors.ts';
import { list, type Params, text, texts } from '../wire/params.ts';
import { type Instance } from './instance.ts';

/** A filter of a describe call. It matches any of its values, which may contain wildcards. */
interface Filter {
  readonly name: string;
  readonly values: readonly string[];
  readonly matches: (value: string) => boolean;
}

/** The values of an instance that a filter compares; without values the filter does not match. */
type Values = (instance: Instance) => readonly (string | undefined)[];

/** Supported filters. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const VALUES: Readonly<Record<string, Values>> = {
  'instance-id': ({ id }) => [id],
  'client-token': ({ clientToken }) => [clientToken],
  'image-id': ({ imageId }) => [imageId],
  'instance-type': ({ instanceType }) => [instanceType],
  'instance-state-name': ({ state }) => [state],
  'iam-instance-profile.arn': ({ profileArn }) => [profileArn],
  'key-name': ({ keyName }) => [keyName],
  'launch-time': ({ startedAt }) => [new Date(startedAt).toISOString()],
  'reservation-id': ({ reservationId }) => [reservationId],
  'metadata-options.http-tokens': ({ options }) => [options.HttpTokens],
  'metadata-options.http-endpoint': ({ options }) => [options.HttpEndpoint],
  'metadata-options.http-put-response-hop-limit': ({ options }) => [String(options.HttpPutResponseHopLimit)],
  'metadata-options.http-protocol-ipv4': () => ['enabled'],
  'metadata-options.http-protocol-ipv6': ({ options }) => [options.HttpProtocolIpv6],
  'metadata-options.instance-metadata-tags': ({ options }) => [options.InstanceMetadataTags],
  'metadata-options.state': ({ optionsState }) => [optionsState],
  'operator.managed': ({ operator }) => [String(operator !== undefined)],
  'operator.principal': ({ operator }) => [operator?.principal],
  'tag-key': ({ tags }) => [...tags.keys()],
};

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
const MAX_FILTERS = 50;
const MAX_VALUES = 200;

/** The filters of a call. */
export class Filters {
  readonly #filters: readonly Filter[];

  public constructor(params: Params) {
    this.#filters = list(params, 'Filter').map(readFilter);
    if (this.#filters.length > MAX_FILTERS || this.#filters.some(({ values }) => values.length > MAX_VALUES)) {
      throw new ApiError('FilterLimitExceeded', `At most ${MAX_FILTERS} filters with ${MAX_VALUES} values each`);
    }
  }

  public get any(): boolean {
    return this.#filters.length > 0;
  }

  /** The values of a filter if none has a wildcard, so that instances can be looked up. */
  public exact(name: string): readonly string[] | undefined {
    const values = this.#filters.find((filter) => filter.name === name)?.values;
    return values?.some(hasWildcard) === false ? values : undefined;
  }

  /** Whether an instance passes every filter. */
  public accept(instance: Instance): boolean {
    return this.acceptValues((name) => valuesOf(name)(instance));
  }

  /** Like `accept`, for resources other than instances. */
  public acceptValues(values: (name: string) => readonly (string | undefined)[]): boolean {
    return this.#filters.every(({ name, matches }) =>
      values(name).some((value) => value !== undefined && matches(value)),
    );
  }

  /** Refuses filters that the describe call does not support. */
  public check(isKnown: (name: string) => boolean): this {
    const unknown = this.#filters.find(({ name }) => !isKnown(name));
    if (unknown !== undefined) throw new ApiError('InvalidParameterValue', `The filter '${unknown.name}' is invalid`);
    return this;
  }
}

export const isInstanceFilter = (name: string): boolean => Object.hasOwn(VALUES, name) || name.startsWith('tag:');

function valuesOf(name: string): Values {
  if (!name.startsWith('tag:')) return VALUES[name] ?? (() => []);
  const key = name.slice('tag:'.length);
  return ({ tags }) => [tags.get(key)];
}

function readFilter(params: unknown): Filter {
  const name = text(params, 'Name') ?? '';
  const values = texts(params, 'Value');
  if (!values.some(hasWildcard)) {
    const exact = new Set(values);
    return { name, values, matches: (value) => exact.has(value) };
  }
  const patterns = values.map(wildcard);
  return { name, values, matches: (value) => patterns.some((pattern) => pattern.test(value)) };
}

const hasWildcard = (value: string): boolean => /[*?\\]/.test(value);

/** Compiles a filter value: `*` matches any text, `?` any character, and a backslash escapes them. */
function wildcard(value: string): RegExp {
  const source = value.replace(/\\([*?\\])|([*?])|[^\w\s]/g, (found, escaped?: string, joker?: string) => {
    if (joker !== undefined) return joker === '*' ? '.*' : '.';
    return `\\u${(escaped ?? found).charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return new RegExp(`^${source}$`, 's');
}
