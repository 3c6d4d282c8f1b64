import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { unlogged } from '../../lambda/adapters/clients.ts';
import { cloudWatchUsage } from '../../lambda/adapters/cloudwatch-usage.ts';
import type { UsageReader } from '../../lambda/app/ports/index.ts';
import { type UnknownUsage, type Usage, USAGE_RULES, type UsageRules } from '../../lambda/core/usage.ts';
import type { Aws } from './aws.ts';
import { type OptionSpec, UsageError } from './command.ts';
import { wholeNumberOf } from './options.ts';

/** Options of every command that measures IMDSv1 usage. `usageRulesOf` validates their values. */
export const USAGE_RULES_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--look-back-days <n>',
    description: 'look-back window for IMDSv1 usage, 1 to 455',
    read: wholeNumberOf(1, 455),
    fallback: USAGE_RULES.lookBackDays,
  },
  {
    flags: '--minimum-age-days <n>',
    description: 'minimum days of data without IMDSv1 usage to count as unused, 1 to 455',
    read: wholeNumberOf(1, 455),
    fallback: USAGE_RULES.minimumAgeDays,
  },
];

/**
 * The rules of the options.
 *
 * @throws UsageError if the minimum age exceeds the window, so that no instance could be unused.
 */
export function usageRulesOf({ lookBackDays, minimumAgeDays }: UsageRules): UsageRules {
  if (minimumAgeDays <= lookBackDays) return { lookBackDays, minimumAgeDays };
  throw new UsageError(`--minimum-age-days ${minimumAgeDays} is more than --look-back-days ${lookBackDays}`);
}

/** Reads the metrics of the account. Clients make one attempt, because `withRetries` does the retries. */
export function usageReader(aws: Aws): UsageReader {
  const clients = new Map<string, CloudWatchClient>();
  return cloudWatchUsage((region) => {
    const client = clients.get(region) ?? unlogged(new CloudWatchClient({ ...aws.config(region), maxAttempts: 1 }));
    clients.set(region, client);
    return client;
  });
}

/** The IMDSv1 usage of an instance, as text. */
export function usageNote(usage: Usage): string {
  switch (usage.kind) {
    case 'unused':
      return `unused: no call without a token in ${days(usage.hours)} of data`;
    case 'in-use':
      return `in use: ${calls(usage.count)} without a token, ${perDay(usage.callsPerDay)}, last seen ${minute(usage.lastSeen)}`;
    case 'unknown':
      return `unknown: ${UNKNOWN[usage.why]}`;
  }
}

/** The rejected IMDSv1 calls on an instance that requires IMDSv2, as text. */
export function rejectedNote(usage: Usage): string {
  switch (usage.kind) {
    case 'unused':
      return `no rejected call in ${days(usage.hours)} of data`;
    case 'in-use':
      return `${calls(usage.count)} without a token rejected, ${perDay(usage.callsPerDay)}, last seen ${minute(usage.lastSeen)}; a workload may be affected`;
    case 'unknown':
      return `unknown: ${UNKNOWN[usage.why]}`;
  }
}

const calls = (count: number): string => `${count.toLocaleString('en-US')} call${count === 1 ? '' : 's'}`;
const perDay = (count: number): string => (count < 1 ? 'less than 1 per day' : `about ${Math.round(count)} per day`);
const minute = (date: Date): string => `${date.toISOString().slice(0, 16)}Z`;
const days = (hours: number): string => (hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} days`);

const UNKNOWN: Readonly<Record<UnknownUsage, string>> = {
  'not-read': 'not all data could be read from CloudWatch',
  stopped: 'not running',
  'age-unknown': 'launch time unknown',
  'too-young': 'launched too recently',
  'no-data': 'no data in CloudWatch',
  'too-little-data': 'too few hours of data',
  gaps: 'hours of data are missing',
};
