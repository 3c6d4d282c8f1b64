/**
 * The configuration of the functions: one entry for each environment variable.
 *
 * The construct writes the variables at synth, and the functions read them at cold start. A key `maxExemptionDays`
 * becomes the variable `IMDSV2_MAX_EXEMPTION_DAYS`.
 */
import type { Policy } from './core/decide.ts';
import type { UsageRules } from './core/usage.ts';
import { EXISTING, LAUNCHES, MODES } from './contract.ts';
import {
  BOOLEAN,
  CALENDAR_DAY,
  ConfigError,
  listOf,
  matching,
  oneOf,
  type Parser,
  problem,
  REGION_NAMES,
  wholeNumber,
} from './parsers.ts';

/** CloudWatch keeps five-minute values for 63 days. */
const DAYS = wholeNumber(1, 63);

/** The text of an empty list or an absent value, because a variable without a value is easily lost. */
const NONE = 'none';

const QUEUE_URL = matching('an SQS queue URL', /^https?:\/\/\S+$/);

const TOPIC_ARN = /^arn:[^:]+:sns:[^:]+:\d{12}:[\w-]+$/;

const EVENT_BUS_ARN = /^arn:[^:]+:events:[^:]+:\d{12}:event-bus\/[\w./-]+$/;

/** The key of a tag. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html */
export const TAG_KEY = matching('a tag key', /^(?!aws:)[\p{L}\p{N}\p{Zs}_.:/=+@-]{1,128}$/u);

/** The configuration of the functions that remediate. */
export const CONFIG = {
  /** In `audit`, the function has no writer. */
  mode: oneOf(MODES),
  /** What happens to existing instances. */
  existing: oneOf(EXISTING),
  /** What happens to launches of an Auto Scaling group that uses IMDSv1. */
  launches: oneOf(LAUNCHES),
  /** Instances first launched on this day or later are remediated once they are unused, whatever `existing` is. */
  enforceSince: { accepted: `${CALENDAR_DAY.accepted} | ${NONE}`, parse: dayOrNone },
  /** Whether CloudTrail records reach the event bus. Without them, running-state events are notified in full. */
  trail: BOOLEAN,
  /** Maximum exemption duration, in days from today. */
  maxExemptionDays: wholeNumber(1, 3650),
  /** Look-back window for IMDSv1 usage, in days. */
  usageLookBackDays: DAYS,
  /** Minimum measured age of an instance before it can count as unused, in days. */
  usageMinimumAgeDays: DAYS,
  /** The event bus of outcomes, of this account and region. */
  outcomeBusArn: matching('an event bus ARN', EVENT_BUS_ARN),
  /** Key of the tag that names the owner of an instance. */
  ownerTag: { accepted: `${TAG_KEY.accepted} | ${NONE}`, parse: TAG_KEY.parse },
  /** The queue of events and findings. */
  workQueueUrl: QUEUE_URL,
  /** The queue of post-change checks. */
  checkQueueUrl: QUEUE_URL,
} satisfies Entries;

/** The configuration of the scan function. */
export const SCAN_CONFIG = {
  ...CONFIG,
  /** The FIFO queue of the steps of scans. */
  scanQueueUrl: QUEUE_URL,
  /** The queue of what was given up, and is sent again. */
  deadLetterQueueUrl: QUEUE_URL,
  /** The stack of the deployment, whose parts the health checks look at. */
  stackName: matching('a stack name', /^[A-Za-z][A-Za-z0-9-]*$/),
  /** Minutes after which alerts that are not urgent are sent together. */
  alertSummaryMinutes: wholeNumber(0, 15),
  /** Hours between two scans: divisors of 24, so that scans start at the same hours every day. */
  scanEveryHours: oneOf<number>([1, 2, 3, 4, 6, 8, 12, 24]),
  /** Regions that forward their events to the home region. */
  forwarders: orNone(REGION_NAMES),
} satisfies Entries;

/** The configuration of the notifier. */
export const NOTIFY_CONFIG = {
  maxExemptionDays: CONFIG.maxExemptionDays,
  /** Minutes after which alerts that are not urgent are sent together; 0 if every alert is sent at once. */
  alertSummaryMinutes: wholeNumber(0, 15),
  /** The topic of alerts and digests. */
  outcomesTopicArn: matching('an SNS topic ARN', TOPIC_ARN),
  /** The topic of Amazon Q Developer, or none. */
  chatTopicArns: orNone(listOf('SNS topic ARNs', TOPIC_ARN)),
  /** The queue of events whose alerts are summarized. */
  summaryQueueUrl: QUEUE_URL,
} satisfies Entries;

type Entries = Readonly<Record<string, Parser<unknown>>>;

type Values<T extends Entries> = { readonly [Key in keyof T]: T[Key] extends Parser<infer Value> ? Value : never };

/** The values of `CONFIG`. */
export type Config = Values<typeof CONFIG>;

/** The values of `SCAN_CONFIG`. */
export type ScanConfig = Values<typeof SCAN_CONFIG>;

/** The values of `NOTIFY_CONFIG`. */
export type NotifyConfig = Values<typeof NOTIFY_CONFIG>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the environment variables from which `parseConfig` reads the same configuration. */
export const toEnvironment = (config: Config): Record<string, string> => write(CONFIG, config);

/** Returns the environment variables from which `parseScanConfig` reads the same configuration. */
export const toScanEnvironment = (config: ScanConfig): Record<string, string> => write(SCAN_CONFIG, config);

/** Returns the environment variables from which `parseNotifyConfig` reads the same configuration. */
export const toNotifyEnvironment = (config: NotifyConfig): Record<string, string> => write(NOTIFY_CONFIG, config);

/**
 * Reads the configuration from environment variables.
 *
 * @throws ConfigError listing all variables that are missing or not accepted.
 */
export const parseConfig = (env: Environment): Config => read(CONFIG, env);

/**
 * Reads the configuration of the scan function from environment variables.
 *
 * @throws ConfigError listing all variables that are missing or not accepted.
 */
export const parseScanConfig = (env: Environment): ScanConfig => read(SCAN_CONFIG, env);

/**
 * Reads the configuration of the notifier from environment variables.
 *
 * @throws ConfigError listing all variables that are missing or not accepted.
 */
export const parseNotifyConfig = (env: Environment): NotifyConfig => read(NOTIFY_CONFIG, env);

/** Returns the configuration with the policy as the use cases expect it. */
export function rulesOf(
  config: Config,
): Omit<Config, 'enforceSince' | 'ownerTag'> & Policy & { readonly ownerTag?: string; readonly usage: UsageRules } {
  const { usageLookBackDays, usageMinimumAgeDays, enforceSince, ownerTag } = config;
  return {
    ...config,
    enforceSince: enforceSince === NONE ? undefined : enforceSince,
    ownerTag: ownerTag === NONE ? undefined : ownerTag,
    usage: { lookBackDays: usageLookBackDays, minimumAgeDays: usageMinimumAgeDays },
  };
}

/** Whether scans may change instances. If not, their role has no permission to do so. */
export const scansMayChange = ({ mode, existing, enforceSince }: Pick<Config, 'mode' | 'existing' | 'enforceSince'>) =>
  mode === 'enforce' && (existing !== 'audit' || enforceSince !== NONE);

/** The environment variable of a key. */
export const variableOf = (key: string): string =>
  `IMDSV2_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

function write<T extends Entries>(entries: T, config: Values<T>): Record<string, string> {
  return Object.fromEntries(Object.keys(entries).map((key) => [variableOf(key), textOf(config[key])]));
}

const textOf = (value: unknown): string => (Array.isArray(value) && value.length === 0 ? NONE : String(value));

function dayOrNone(text: string): string | undefined {
  return text === NONE ? NONE : CALENDAR_DAY.parse(text);
}

function orNone<T>({ accepted, parse }: Parser<readonly T[]>): Parser<readonly T[]> {
  return { accepted: `${accepted} | ${NONE}`, parse: (text) => (text === NONE ? [] : parse(text)) };
}

function read<T extends Entries>(entries: T, env: Environment): Values<T> {
  const problems: string[] = [];
  const values = Object.entries(entries).map(([key, { accepted, parse }]) => {
    const text = env[variableOf(key)];
    const value = text === undefined ? undefined : parse(text);
    if (value === undefined) problems.push(problem(variableOf(key), text, accepted));
    return [key, value] as const;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(values) as Values<T>;
}
