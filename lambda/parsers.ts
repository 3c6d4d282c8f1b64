/** Parsers of configuration values, for CDK context and environment variables alike. */
import { isCalendarDay } from './core/exemption.ts';
import { REGION } from './core/target.ts';

/** Parses the text of one value. */
export interface Parser<T> {
  /** The accepted values, as error messages and docs/settings.md state them. */
  readonly accepted: string;
  /** Returns `undefined` if the text is not accepted. */
  readonly parse: (text: string) => T | undefined;
}

/** Thrown with all problems of a configuration, each with the key, the value and the accepted values. */
export class ConfigError extends Error {
  public override readonly name = 'ConfigError';

  public constructor(public readonly problems: readonly string[]) {
    super(`invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Formats one problem of a `ConfigError`. */
export function problem(key: string, value: string | undefined, accepted: string): string {
  return `${key} is ${value === undefined ? 'missing' : JSON.stringify(value)}; accepted: ${accepted}`;
}

/** Accepts one of a list of words or numbers. */
export function oneOf<T extends string | number>(values: readonly T[]): Parser<T> {
  return { accepted: values.join(' | '), parse: (text) => values.find((value) => String(value) === text) };
}

/** Accepts `true` and `false`. */
export const BOOLEAN: Parser<boolean> = {
  accepted: 'true | false',
  parse: (text) => (/^(true|false)$/.test(text) ? text === 'true' : undefined),
};

/** Accepts a calendar day. */
export const CALENDAR_DAY: Parser<string> = {
  accepted: 'a day as YYYY-MM-DD',
  parse: (text) => (isCalendarDay(text) ? text : undefined),
};

/** Accepts a whole number within bounds, both included. */
export function wholeNumber(min: number, max: number): Parser<number> {
  const parse = (text: string) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };
  return { accepted: `a whole number from ${min} to ${max}`, parse };
}

/** Accepts text that matches a pattern. */
export function matching(accepted: string, pattern: RegExp): Parser<string> {
  return { accepted, parse: (text) => (pattern.test(text) ? text : undefined) };
}

/** Accepts a comma-separated list, without duplicates, whose items match a pattern. */
export function listOf(items: string, pattern: RegExp): Parser<readonly string[]> {
  const parse = (text: string) => {
    const values = text.split(',').map((value) => value.trim());
    return values.every((value) => pattern.test(value)) ? [...new Set(values)] : undefined;
  };
  return { accepted: `${items}, separated by commas`, parse };
}

/** Accepts names of regions, including those of regions newer than this version. */
export const REGION_NAMES = listOf('names of regions', REGION);

/** Accepts tags. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
export const TAGS: Parser<Readonly<Record<string, string>>> = {
  accepted: 'an object of texts, or key=value separated by commas; keys do not begin with aws:',
  parse: (text) => {
    const pairs = text.startsWith('{') ? pairsOf(text) : text.split(',').map((pair) => splitAt(pair.trim(), '='));
    const isTag = ([key, value]: readonly [string, unknown]) =>
      /^(?!aws:).{1,128}$/i.test(key) && typeof value === 'string' && value.length <= 256;
    return pairs?.every(isTag) === true ? (Object.fromEntries(pairs) as Record<string, string>) : undefined;
  },
};

function pairsOf(json: string): readonly (readonly [string, unknown])[] | undefined {
  try {
    return Object.entries(JSON.parse(json) as object);
  } catch {
    return undefined;
  }
}

function splitAt(text: string, separator: string): readonly [string, unknown] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}
