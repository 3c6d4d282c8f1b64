import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ConfigError, matching, oneOf, problem, SCAN_HOURS, scanHours, wholeNumber } from '../lambda/config.ts';
import { regionNames, regionProblems, storedRegions } from './regions.ts';
import { EXISTING, type Existing, type Mode, MODES, TRAIL, type Trail } from '../lambda/contract.ts';

const SWITCH = ['on', 'off'] as const;

/** What a deployment may choose. The names are those of the CDK context keys. */
export interface Settings {
  /**
   * `enforce` switches IMDSv1 off. `audit` only tells what it would do: its role is allowed no change at all.
   *
   * @default 'enforce'
   */
  readonly mode: Mode;
  /**
   * What happens to an instance that existed before, whether a scan finds it or it is started again: only reported, closed where
   * its use of IMDSv1 was measured and is zero, or closed.
   *
   * @default 'audit'
   */
  readonly existing: Existing;
  /**
   * Regions to listen in. The first has the function; the others send their events to it.
   *
   * @default - the one region that the stack is deployed to
   */
  readonly regions: readonly string[];
  /**
   * Whether CloudTrail feeds this region's event bus: a trail is there, this stack creates one, or there is none.
   *
   * @default 'existing'
   */
  readonly trail: Trail;
  /**
   * Addresses that receive outcomes: what was closed, held back or failed.
   *
   * @default - nobody, with a warning at synth
   */
  readonly alertEmail: readonly string[];
  /**
   * Addresses that receive alarms about this product itself.
   *
   * @default - nobody, with a warning at synth
   */
  readonly operationsEmail: readonly string[];
  /**
   * The furthest that an exemption may reach, in days from today; 1 to 3650.
   *
   * @default 90
   */
  readonly maxExemptionDays: number;
  /**
   * Hours between two scans of all instances: 1, 2, 3, 4, 6, 8, 12 or 24.
   *
   * @default 6
   */
  readonly scanEveryHours: number;
  /**
   * How far back a use of IMDSv1 counts, in days; 1 to 63.
   *
   * @default 14
   */
  readonly usageLookBackDays: number;
  /**
   * How long an instance must have been measured before it is called unused, in days; 1 to 63, and no more than
   * `usageLookBackDays`.
   *
   * @default 1
   */
  readonly usageMinimumAgeDays: number;
  /**
   * How long the function's log, and the trail of `trail=create`, is kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetentionDays: RetentionDays;
  /**
   * The explicit denies that keep the role from allowing IMDSv1 and from switching IMDS on or off, whatever else it is allowed.
   * Lift them only should EC2 refuse the function's own change; the runbook says how to tell.
   *
   * @default 'on'
   */
  readonly roleGuard: (typeof SWITCH)[number];
  /**
   * An https URL where `docs/runbook.md` is published. Alarms link to its headings.
   *
   * @default - alarms name the file in this repository
   */
  readonly runbookUrl?: string;
}

/** What holds where nothing is chosen. */
export const DEFAULTS: Settings = {
  mode: 'enforce',
  existing: 'audit',
  regions: [],
  trail: 'existing',
  alertEmail: [],
  operationsEmail: [],
  maxExemptionDays: 90,
  scanEveryHours: 6,
  usageLookBackDays: 14,
  usageMinimumAgeDays: 1,
  logRetentionDays: RetentionDays.THREE_MONTHS,
  roleGuard: 'on',
};

interface Form<T> {
  readonly accepted: string;
  readonly read: (text: string) => T | undefined;
}

// CloudWatch Logs takes these numbers of days and no other.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
const RETENTION_DAYS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

const FORMS: { readonly [Key in keyof Settings]-?: Form<NonNullable<Settings[Key]>> } = {
  mode: words(MODES),
  existing: words(EXISTING),
  // `all` is replaced by what is stored before this is asked.
  regions: { accepted: 'all | names of regions, separated by commas, the home region first', read: regionNames },
  trail: words(TRAIL),
  alertEmail: { accepted: 'e-mail addresses, separated by commas', read: emails },
  operationsEmail: { accepted: 'e-mail addresses, separated by commas', read: emails },
  maxExemptionDays: { accepted: 'a whole number from 1 to 3650', read: wholeNumber(1, 3650) },
  scanEveryHours: { accepted: SCAN_HOURS.join(' | '), read: scanHours },
  usageLookBackDays: { accepted: 'a whole number from 1 to 63', read: wholeNumber(1, 63) },
  usageMinimumAgeDays: { accepted: 'a whole number from 1 to 63', read: wholeNumber(1, 63) },
  logRetentionDays: {
    accepted: RETENTION_DAYS.join(' | '),
    read: (text) => RETENTION_DAYS.find((days) => String(days) === text),
  },
  roleGuard: words(SWITCH),
  // Alarms append the heading, so there may be none yet.
  runbookUrl: { accepted: 'an https URL without a fragment', read: matching(/^https:\/\/[^\s#]+$/) },
};

/**
 * Reads the settings from CDK context, where `-c` leaves strings and `cdk.json` may hold numbers and lists.
 *
 * @throws ConfigError listing everything that is not accepted.
 */
export function parseSettings(context: Readonly<Record<string, unknown>>): Settings {
  const { settings, problems } = checkSettings(context);
  if (problems.length > 0) throw new ConfigError(problems);
  return settings;
}

/** Like `parseSettings`, but returns the problems; what is not accepted has its default. Keys of others are ignored. */
export function checkSettings(values: Readonly<Record<string, unknown>>): {
  readonly settings: Settings;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const chosen = Object.entries(FORMS).flatMap(([key, { accepted, read }]) => {
    const text = textOf(values[key]);
    if (text === undefined) return [];
    if (key === 'regions' && text === 'all') {
      const stored = storedRegions(values);
      if (typeof stored !== 'string') return [[key, stored] as const];
      problems.push(stored);
      return [];
    }
    const setting = read(text);
    if (setting === undefined) problems.push(problem(key, text, accepted));
    return setting === undefined ? [] : [[key, setting] as const];
  });
  const settings: Settings = { ...DEFAULTS, ...Object.fromEntries(chosen) };
  const { regions, usageLookBackDays, usageMinimumAgeDays } = settings;
  problems.push(...regionProblems(regions, textOf(values.regions) ?? ''));
  if (usageMinimumAgeDays > usageLookBackDays) {
    const accepted = `no more than usageLookBackDays, which is ${usageLookBackDays}`;
    problems.push(problem('usageMinimumAgeDays', String(usageMinimumAgeDays), accepted));
  }
  return { settings, problems };
}

/** Lists as people write them; `undefined` where nothing is given. */
function textOf(value: unknown): string | undefined {
  const given: readonly unknown[] = [value ?? []].flat();
  return given.length === 0 ? undefined : given.map(String).join(',').trim();
}

function words<T extends string>(list: readonly T[]): Form<T> {
  return { accepted: list.join(' | '), read: oneOf(list) };
}

function emails(text: string): readonly string[] | undefined {
  const addresses = text.split(',').map((address) => address.trim());
  return addresses.every((address) => /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/.test(address))
    ? [...new Set(addresses)]
    : undefined;
}
