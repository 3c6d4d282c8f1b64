import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { byRegion, unlogged } from '../../lambda/adapters/clients.ts';
import { cloudWatchUsage } from '../../lambda/adapters/cloudwatch-usage.ts';
import type { RejectionReader, UsageReader } from '../../lambda/app/ports/index.ts';
import { USAGE_RULES, type UsageRules } from '../../lambda/core/usage.ts';
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
export function usageReader(aws: Aws): UsageReader & RejectionReader {
  return cloudWatchUsage(
    byRegion((region) => unlogged(new CloudWatchClient({ ...aws.config(region), maxAttempts: 1 }))),
  );
}
