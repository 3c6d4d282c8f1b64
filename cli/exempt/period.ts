import { TAG } from '../../lambda/contract.ts';
import { dayFromNow, readExemption, readPeriod } from '../../lambda/core/exemption.ts';
import { clean } from '../../lambda/core/text.ts';
import { type OptionSpec, refuse, UsageError } from '../common/command.ts';

/** The options of an exemption, as entered. */
export interface GrantOptions {
  readonly for?: string;
  readonly until?: string;
  readonly reason?: string;
  readonly maxExemptionDays: number;
}

export const FOR_OPTION: OptionSpec = {
  flags: '--for <period>',
  description: 'duration in days, such as 14d, or last day, such as 2026-12-31 (through its end in UTC)',
};

export const REASON_OPTION: OptionSpec = {
  flags: '--reason <text>',
  description: 'reason, shown in alerts and in the list of exemptions',
};

/** Maximum length of a tag value. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
const MAX_REASON = 256;

/**
 * Validates the options of an exemption.
 *
 * @returns the last day as `YYYY-MM-DD`, and the reason.
 * @throws UsageError if the date is missing, malformed, past or exceeds the maximum, or the reason is missing or malformed.
 */
export function grantOf({ reason = '', maxExemptionDays, ...options }: GrantOptions, now: Date) {
  if (options.for !== undefined && options.until !== undefined)
    throw new UsageError('--for and --until cannot be combined');
  const text = options.for ?? options.until;
  if (text === undefined)
    throw new UsageError('--for is missing; accepted: a duration or date such as --for 14d or --for 2026-12-31');
  const until = untilOf(text, maxExemptionDays, now);
  const trimmed = reason.trim();
  if (trimmed === '') throw new UsageError('--reason is missing; accepted: a short text');
  if (trimmed.length > MAX_REASON || clean(trimmed, MAX_REASON) !== trimmed) {
    throw new UsageError(`--reason is not accepted; accepted: one line of at most ${MAX_REASON} characters`);
  }
  return { until, reason: trimmed };
}

function untilOf(text: string, maxDays: number, now: Date): string {
  const until = /^0+d$/.test(text) ? undefined : readPeriod(text, now);
  const accepted = `1d to ${maxDays}d, or a date from ${dayFromNow(now, 0)} to ${dayFromNow(now, maxDays)}`;
  if (until === undefined) return refuse(text, 'a duration or a date', accepted);
  const { kind } = readExemption(new Map([[TAG.exemptUntil, until]]), now, maxDays);
  if (kind === 'active') return until;
  throw new UsageError(
    kind === 'expired'
      ? `${until} is in the past; accepted: ${accepted}`
      : `${until} exceeds the maximum exemption duration; accepted: ${accepted} (--max-exemption-days)`,
  );
}
