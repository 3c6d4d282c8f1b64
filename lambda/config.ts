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
  readonly exemptionHorizonDays: number;
  /** ARN of the topic that outcomes are published to. */
  readonly outcomesTopicArn: string;
  /** URL of the queue that holds running-state events, sightings and alerts not yet sent. */
  readonly workQueueUrl: string;
}

const ENV = {
  mode: 'IMDSV2_MODE',
  existing: 'IMDSV2_EXISTING',
  trail: 'IMDSV2_TRAIL',
  exemptionHorizonDays: 'IMDSV2_EXEMPTION_HORIZON_DAYS',
  outcomesTopicArn: 'IMDSV2_OUTCOMES_TOPIC_ARN',
  workQueueUrl: 'IMDSV2_WORK_QUEUE_URL',
} as const satisfies Record<keyof Config, string>;

/** Thrown with every problem of a configuration at once, each naming the key, the value and what is accepted. */
export class ConfigError extends Error {
  public override readonly name = 'ConfigError';

  public constructor(public readonly problems: readonly string[]) {
    super(`invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** The environment variables that make `parseConfig` return the same config. */
export function toEnvironment(config: Config): Record<string, string> {
  return Object.fromEntries(Object.entries(ENV).map(([key, name]) => [name, String(config[key as keyof Config])]));
}

/**
 * Reads the configuration from environment variables.
 *
 * @throws ConfigError listing everything that is missing or not accepted.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const check = <T>(key: keyof Config, accepted: string, read: (text: string) => T | undefined): T => {
    const text = env[ENV[key]];
    const value = text === undefined ? undefined : read(text);
    if (value === undefined) problems.push(problem(ENV[key], text, accepted));
    return value as T; // never used when there is a problem: we throw below
  };
  const config: Config = {
    mode: check('mode', MODES.join(' | '), oneOf(MODES)),
    existing: check('existing', EXISTING.join(' | '), oneOf(EXISTING)),
    trail: check('trail', 'true | false', (text) => (/^(true|false)$/.test(text) ? text === 'true' : undefined)),
    exemptionHorizonDays: check('exemptionHorizonDays', 'a whole number from 1 to 3650', wholeNumber(1, 3650)),
    outcomesTopicArn: check('outcomesTopicArn', 'an SNS topic ARN', matching(/^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]+$/)),
    workQueueUrl: check('workQueueUrl', 'an SQS queue URL', matching(/^https?:\/\/\S+$/)),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
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
