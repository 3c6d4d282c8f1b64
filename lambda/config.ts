import type { UsageRules } from './core/usage.ts';
import { EXISTING, type Existing, type Mode, MODES } from './contract.ts';

/** What the function is told by its environment. Made by `toEnvironment` at synth, read by `parseConfig` at cold start. */
export interface Config {
  /** `audit` gives the function no writer. */
  readonly mode: Mode;
  /** What to do with an instance that existed before it was started. */
  readonly existing: Existing;
  /** Whether CloudTrail records reach the bus. Without them the running-state path reports everything it sees. */
  readonly trail: boolean;
  /** The furthest an exemption may reach, in days from today; 1 to 3650. */
  readonly maxExemptionDays: number;
  /** How far back IMDSv1 use counts, in days; 1 to 63. */
  readonly usageLookBackDays: number;
  /** How long an instance must have been measured before it is called unused, in days; 1 to 63. */
  readonly usageMinimumAgeDays: number;
  /** ARN of the topic that outcomes are published to. */
  readonly outcomesTopicArn: string;
  /** URL of the queue that holds running-state events, findings and alerts not yet sent. */
  readonly workQueueUrl: string;
}

/** What the scan is told beside that. */
export interface ScanConfig extends Config {
  /** URL of the FIFO queue that holds the steps of scans. */
  readonly scanQueueUrl: string;
  /** URL of the queue of what could not be delivered or done, whose depth the scan reports. */
  readonly deadLetterQueueUrl: string;
  /** Names of the rules that must be enabled; `bus/name` where it is not the default bus. */
  readonly ruleNames: readonly string[];
  /** Hours between two scans; a divisor of 24. */
  readonly scanEveryHours: number;
  /** Regions that send their events to this one. */
  readonly forwarders: readonly string[];
}

/** How one key stands in the environment. */
interface Form<T> {
  readonly name: string;
  readonly accepted: string;
  readonly read: (text: string) => T | undefined;
}

type Forms<T> = { readonly [Key in keyof T]-?: Form<T[Key]> };

/** Thrown with every problem of a configuration at once, each naming the key, the value and what is accepted. */
export class ConfigError extends Error {
  public override readonly name = 'ConfigError';

  public constructor(public readonly problems: readonly string[]) {
    super(`invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** The account's rules as the use cases want them. */
export function rulesOf(config: Config): Config & { readonly usage: UsageRules } {
  const { usageLookBackDays, usageMinimumAgeDays } = config;
  return { ...config, usage: { lookBackDays: usageLookBackDays, minimumAgeDays: usageMinimumAgeDays } };
}

/** The environment variables that make `parseConfig` return the same config. */
export const toEnvironment = (config: Config): Record<string, string> => write(FORMS, config);

/** The environment variables that make `parseScanConfig` return the same config. */
export const toScanEnvironment = (config: ScanConfig): Record<string, string> => write(SCAN_FORMS, config);

/**
 * Reads the configuration from environment variables.
 *
 * @throws ConfigError listing everything that is missing or not accepted.
 */
export const parseConfig = (env: Environment): Config => read(FORMS, env);

/**
 * Reads the configuration of the scan from environment variables.
 *
 * @throws ConfigError listing everything that is missing or not accepted.
 */
export const parseScanConfig = (env: Environment): ScanConfig => read(SCAN_FORMS, env);

type Environment = Readonly<Record<string, string | undefined>>;

function write<T extends object>(forms: Forms<T>, config: T): Record<string, string> {
  const keys = Object.keys(forms) as (keyof T)[];
  return Object.fromEntries(keys.map((key) => [forms[key].name, textOf(config[key])]));
}

/** An empty list is a word of its own: a variable without a value is easily lost on its way. */
const textOf = (value: unknown): string => (Array.isArray(value) && value.length === 0 ? NONE : String(value));

const NONE = 'none';

function read<T extends object>(forms: Forms<T>, env: Environment): T {
  const problems: string[] = [];
  const values = Object.entries<Form<unknown>>(forms as Readonly<Record<string, Form<unknown>>>).map(
    ([key, { name, accepted, read }]) => {
      const text = env[name];
      const value = text === undefined ? undefined : read(text);
      if (value === undefined) problems.push(problem(name, text, accepted));
      return [key, value] as const;
    },
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(values) as T;
}

/** One line of a `ConfigError`. */
export function problem(key: string, value: string | undefined, accepted: string): string {
  return `${key} is ${value === undefined ? 'missing' : JSON.stringify(value)}; accepted: ${accepted}`;
}

/** Reads one of a closed list of words; `undefined` for anything else. */
export const oneOf =
  <T extends string>(words: readonly T[]) =>
  (text: string): T | undefined =>
    words.find((word) => word === text);

/** Reads a whole number within bounds, both included; `undefined` for anything else. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number | undefined => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };

/** Reads a text of a given form; `undefined` for anything else. */
export const matching =
  (form: RegExp) =>
  (text: string): string | undefined =>
    form.test(text) ? text : undefined;

/** Hours between two scans that make the same hours of every day. */
export const SCAN_HOURS = ['1', '2', '3', '4', '6', '8', '12', '24'] as const;

/** Reads one of `SCAN_HOURS`; `undefined` for anything else. */
export function scanHours(text: string): number | undefined {
  const hours = oneOf(SCAN_HOURS)(text);
  return hours === undefined ? undefined : Number(hours);
}

/** CloudWatch keeps five-minute values for 63 days. */
const DAYS = { accepted: 'a whole number from 1 to 63', read: wholeNumber(1, 63) };

const QUEUE_URL = { accepted: 'an SQS queue URL', read: matching(/^https?:\/\/\S+$/) };

const FORMS: Forms<Config> = {
  mode: { name: 'IMDSV2_MODE', accepted: MODES.join(' | '), read: oneOf(MODES) },
  existing: { name: 'IMDSV2_EXISTING', accepted: EXISTING.join(' | '), read: oneOf(EXISTING) },
  trail: {
    name: 'IMDSV2_TRAIL',
    accepted: 'true | false',
    read: (text) => (/^(true|false)$/.test(text) ? text === 'true' : undefined),
  },
  maxExemptionDays: {
    name: 'IMDSV2_MAX_EXEMPTION_DAYS',
    accepted: 'a whole number from 1 to 3650',
    read: wholeNumber(1, 3650),
  },
  usageLookBackDays: { name: 'IMDSV2_USAGE_LOOK_BACK_DAYS', ...DAYS },
  usageMinimumAgeDays: { name: 'IMDSV2_USAGE_MINIMUM_AGE_DAYS', ...DAYS },
  outcomesTopicArn: {
    name: 'IMDSV2_OUTCOMES_TOPIC_ARN',
    accepted: 'an SNS topic ARN',
    read: matching(/^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]+$/),
  },
  workQueueUrl: { name: 'IMDSV2_WORK_QUEUE_URL', ...QUEUE_URL },
};

const SCAN_FORMS: Forms<ScanConfig> = {
  ...FORMS,
  scanQueueUrl: { name: 'IMDSV2_SCAN_QUEUE_URL', ...QUEUE_URL },
  deadLetterQueueUrl: { name: 'IMDSV2_DEAD_LETTER_QUEUE_URL', ...QUEUE_URL },
  ruleNames: {
    name: 'IMDSV2_RULE_NAMES',
    accepted: 'rule names, separated by commas',
    read: (text) => (/^[\w./-]+(,[\w./-]+)*$/.test(text) ? text.split(',') : undefined),
  },
  scanEveryHours: { name: 'IMDSV2_SCAN_EVERY_HOURS', accepted: SCAN_HOURS.join(' | '), read: scanHours },
  forwarders: {
    name: 'IMDSV2_FORWARDERS',
    accepted: `names of regions, separated by commas | ${NONE}`,
    read: (text) =>
      text === NONE ? [] : /^[a-z]+(-[a-z]+)+-\d+(,[a-z]+(-[a-z]+)+-\d+)*$/.test(text) ? text.split(',') : undefined,
  },
};
