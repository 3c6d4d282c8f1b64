import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CONFIG, NOTIFY_CONFIG, SCAN_CONFIG, TAG_KEY } from '../lambda/config.ts';
import { CHAT, TRAIL } from '../lambda/contract.ts';
import { CALENDAR_DAY, listOf, matching, oneOf, type Parser, problem, REGION_NAMES, TAGS } from '../lambda/parsers.ts';
import { regionProblems, storedRegions } from './regions.ts';

const EMAILS = listOf('e-mail addresses', /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/);

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/**
 * All settings, one entry each: description, default and accepted values.
 *
 * The type `Settings`, the defaults, the parser, its error messages and the table in docs/settings.md are derived from
 * it. A setting that a function needs has an entry of the same name in lambda/config.ts.
 */
export const SETTINGS = {
  /**
   * Whether new launches and drift are remediated or only reported. In `audit`, the functions are not permitted to
   * change any instance.
   *
   * @default 'enforce'
   */
  mode: setting(CONFIG.mode, 'enforce'),
  /**
   * What happens to existing instances when a scan finds them or when they are started again: report only, remediate if
   * no IMDSv1 usage was measured, or remediate.
   *
   * @default 'audit'
   */
  existing: setting(CONFIG.existing, 'audit'),
  /**
   * What happens to new instances of an Auto Scaling group of which IMDSv1 usage was measured, instances that are gone
   * included: remediate, or leave them for review (`enforce-when-unused`), with an alert. Unknown usage remediates.
   *
   * @default 'enforce'
   */
  launches: setting(CONFIG.launches, 'enforce'),
  /**
   * Instances that were first launched on this day or later do not count as existing, whatever finds them: a scan
   * remediates them once no IMDSv1 usage was measured, even if `existing` is `audit`. Set it to the day of the
   * deployment, so that an exemption that has expired does not leave IMDSv1 enabled.
   *
   * @default - instances that a scan finds are existing
   */
  enforceSince: optionalSetting(CALENDAR_DAY),
  /**
   * Regions to monitor. The first is the home region, where the functions run; the others forward their events to it.
   * `all` stands for the regions that `imdsv2 regions --write` has stored.
   *
   * @default - the region of the stack
   */
  regions: setting({ ...REGION_NAMES, accepted: `all | ${REGION_NAMES.accepted}, the home region first` }, []),
  /**
   * Whether a CloudTrail trail delivers management events to EventBridge: one exists, the stack creates one, or there
   * is none. Without one, drift is not detected and alerts cannot name the caller.
   *
   * @default 'existing'
   */
  trail: setting(oneOf(TRAIL), 'existing'),
  /**
   * Addresses that receive alerts and digests.
   *
   * @default - no subscription, and the synth warns
   */
  alertEmail: setting(EMAILS, []),
  /**
   * Addresses that receive alarms about the deployment itself.
   *
   * @default - no subscription, and the synth warns
   */
  operationsEmail: setting(EMAILS, []),
  /**
   * Minutes after which alerts below HIGH are sent together; 0 if every alert is sent at once.
   *
   * @default 15
   */
  alertSummaryMinutes: setting(NOTIFY_CONFIG.alertSummaryMinutes, 15),
  /**
   * Key of the tag that names the owner of an instance, which alerts then name.
   *
   * @default - alerts name no owner
   */
  ownerTag: optionalSetting(TAG_KEY),
  /**
   * Whether alerts are also published in the form of Amazon Q Developer in chat applications, to a topic of their own.
   *
   * @default 'off'
   */
  chat: setting(oneOf(CHAT), 'off'),
  /**
   * The event bus of this account and region on which outcomes are put as events.
   *
   * @default - the default event bus
   */
  outcomeBusArn: optionalSetting(CONFIG.outcomeBusArn),
  /**
   * Maximum exemption duration, in days from today. An exemption with a later date needs review.
   *
   * @default 90
   */
  maxExemptionDays: setting(CONFIG.maxExemptionDays, 90),
  /**
   * Hours between two scans of all instances, from 00:00 UTC.
   *
   * @default 6
   */
  scanEveryHours: setting(SCAN_CONFIG.scanEveryHours, 6),
  /**
   * Look-back window for IMDSv1 usage, in days.
   *
   * @default 14
   */
  usageLookBackDays: setting(CONFIG.usageLookBackDays, 14),
  /**
   * Minimum time, in days, for which an instance must have been measured before it can count as unused. At most
   * `usageLookBackDays`.
   *
   * @default 1
   */
  usageMinimumAgeDays: setting(CONFIG.usageMinimumAgeDays, 1),
  /**
   * Days for which logs are retained and, with `trail=create`, the objects of the trail.
   *
   * @default 90
   */
  logRetentionDays: setting(oneOf(RETENTION_DAYS), RetentionDays.THREE_MONTHS),
  /**
   * Whether explicit denies keep the functions from allowing IMDSv1 and from switching IMDS on or off. Choose `off`
   * only if EC2 refuses remediation because of them, as the runbook describes.
   *
   * @default 'on'
   */
  roleGuard: setting(oneOf(['on', 'off']), 'on'),
  /**
   * The permissions boundary of every role, by the ARN or the name of its policy.
   *
   * @default - roles have no permissions boundary
   */
  permissionsBoundary: optionalSetting(
    matching('the ARN or the name of an IAM policy', /^(arn:aws[\w-]*:iam::(\d{12}|aws):policy\/)?[\w+=,.@/-]{1,512}$/),
  ),
  /**
   * The path of every role, which begins and ends with a slash.
   *
   * @default - /
   */
  rolePath: optionalSetting(matching('a path such as /security/', /^\/([\w+=,.@-]+\/)+$/)),
  /**
   * The KMS key that encrypts the log groups. Its policy must allow CloudWatch Logs to use it.
   *
   * @default - CloudWatch Logs encrypts them with its own key
   */
  logKmsKeyArn: optionalSetting(matching('the ARN of a KMS key', /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/)),
  /**
   * Tags of every resource that can have some: as an object, or `key=value` separated by commas.
   *
   * @default - no tags
   */
  tags: setting(TAGS, {}),
  /**
   * Whether there is a dashboard in CloudWatch.
   *
   * @default 'on'
   */
  dashboard: setting(oneOf(['on', 'off']), 'on'),
  /**
   * The URL where you publish docs/runbook.md. Alarms link to its headings.
   *
   * @default - alarms name the file in the package
   */
  runbookUrl: optionalSetting(matching('an https URL without a fragment', /^https:\/\/[^\s#]+$/)),
};

interface Setting<T> extends Parser<NonNullable<T>> {
  readonly default: T;
}

type ValueOf<T> = T extends Setting<infer Value> ? Value : never;

/**
 * The settings of a deployment. Their names are those of the CDK context keys.
 *
 * @example
 * { mode: 'audit', alertEmail: ['security@example.com'], maxExemptionDays: 30 }
 */
export type Settings = { readonly [Key in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[Key]> };

/** The settings of a deployment that chooses none. */
export const DEFAULTS = Object.fromEntries(
  Object.entries(SETTINGS).map(([key, { default: value }]) => [key, value]),
) as unknown as Settings;

/**
 * Reads settings: as chosen in code, and from CDK context, where `-c` passes strings.
 *
 * The default replaces a value that is not accepted.
 *
 * @returns the problems that name all values that are not accepted.
 */
export function checkSettings(values: Readonly<Record<string, unknown>>): {
  readonly settings: Settings;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const texts = new Map(Object.keys(SETTINGS).map((key) => [key, textOf(values[key])]));
  if (texts.get('regions') === 'all') {
    const stored = storedRegions(values);
    if (typeof stored === 'string') problems.push(stored);
    texts.set('regions', typeof stored === 'string' ? undefined : stored.join());
  }
  const chosen = Object.entries(SETTINGS).flatMap(([key, { accepted, parse }]) => {
    const text = texts.get(key);
    if (text === undefined) return [];
    const value = parse(text);
    if (value === undefined) problems.push(problem(key, text, accepted));
    return value === undefined ? [] : [[key, value] as const];
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

/** The text of a context value; lists are joined. Returns `undefined` for an absent value or an empty list. */
function textOf(value: unknown): string | undefined {
  const items = (Array.isArray(value) ? value : value === undefined ? [] : [value]) as readonly unknown[];
  const texts = items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  return texts.length === 0 ? undefined : texts.join(',').trim();
}

function setting<T>(parser: Parser<T>, defaultValue: NoInfer<T>): Setting<T> {
  return { ...parser, default: defaultValue } as Setting<T>;
}

function optionalSetting<T>(parser: Parser<T>): Setting<T | undefined> {
  return { ...parser, default: undefined } as Setting<T | undefined>;
}
