import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { unlogged } from '../../lambda/adapters/clients.ts';
import { cloudWatchUsage } from '../../lambda/adapters/cloudwatch-usage.ts';
import type { UsageReader } from '../../lambda/app/ports.ts';
import { type UnknownUsage, type Usage, USAGE_RULES, type UsageRules } from '../../lambda/core/usage.ts';
import type { Aws } from './aws.ts';
import { type OptionSpec, UsageError } from './command.ts';
import { wholeNumberOf } from './options.ts';

/** For every command that measures the use of IMDSv1. Gives `UsageRules`, once checked by `usageRulesOf`. */
export const USAGE_RULES_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--look-back-days <n>',
    description: 'IMDSv1 use that is longer ago does not count, 1 to 455',
    read: wholeNumberOf(1, 455),
    fallback: USAGE_RULES.lookBackDays,
  },
  {
    flags: '--minimum-age-days <n>',
    description: 'an instance must have been measured this long to count as unused, 1 to 455',
    read: wholeNumberOf(1, 455),
    fallback: USAGE_RULES.minimumAgeDays,
  },
];

/**
 * The rules that the options ask for.
 *
 * @throws UsageError if nothing could ever be unused by them.
 */
export function usageRulesOf({ lookBackDays, minimumAgeDays }: UsageRules): UsageRules {
  if (minimumAgeDays <= lookBackDays) return { lookBackDays, minimumAgeDays };
  throw new UsageError(`--minimum-age-days ${minimumAgeDays} is more than --look-back-days ${lookBackDays}`);
}

/** CloudWatch of the account; `withRetries` tries again. */
export function usageReader(aws: Aws): UsageReader {
  const clients = new Map<string, CloudWatchClient>();
  return cloudWatchUsage((region) => {
    const client = clients.get(region) ?? unlogged(new CloudWatchClient({ ...aws.config(region), maxAttempts: 1 }));
    clients.set(region, client);
    return client;
  });
}

/** How an instance uses IMDSv1, for people. */
export function usageNote(usage: Usage): string {
  switch (usage.kind) {
    case 'unused':
      return `unused: no call without a token in ${days(usage.hours)} measured`;
    case 'in-use':
      return `in use: ${calls(usage.count)} without a token, ${perDay(usage.callsPerDay)}, none seen after ${minute(usage.lastSeen)}`;
    case 'unknown':
      return `unknown: ${UNKNOWN[usage.why]}`;
  }
}

/** How an instance with tokens required still tries IMDSv1, for people. */
export function refusedNote(usage: Usage): string {
  switch (usage.kind) {
    case 'unused':
      return `nothing refused in ${days(usage.hours)} measured`;
    case 'in-use':
      return `${calls(usage.count)} without a token refused, ${perDay(usage.callsPerDay)}, none seen after ${minute(usage.lastSeen)}: something on it may be broken`;
    case 'unknown':
      return `unknown: ${UNKNOWN[usage.why]}`;
  }
}

const calls = (count: number): string => `${count.toLocaleString('en-US')} call${count === 1 ? '' : 's'}`;
const perDay = (count: number): string => (count < 1 ? 'less than one a day' : `about ${Math.round(count)} a day`);
const minute = (date: Date): string => `${date.toISOString().slice(0, 16)}Z`;
const days = (hours: number): string => (hours < 48 ? `${Math.floor(hours)} hours` : `${Math.floor(hours / 24)} days`);

const UNKNOWN: Readonly<Record<UnknownUsage, string>> = {
  'not-read': 'CloudWatch did not give all of its data',
  stopped: 'it is not running',
  'age-unknown': 'EC2 does not say since when it exists',
  'too-young': 'it is too young to tell',
  'no-data': 'CloudWatch has no data about it',
  'too-little-data': 'it was measured too little to tell',
  gaps: 'hours of its data are missing',
};
