import { TAG } from '../../lambda/contract.ts';
import { dayFromNow, readExemption, readPeriod } from '../../lambda/core/exemption.ts';
import { clean } from '../../lambda/core/text.ts';
import { type OptionSpec, UsageError } from '../shared/command.ts';

/** How long an exemption lasts and why, as typed. */
export interface GrantOptions {
  readonly for?: string;
  readonly until?: string;
  readonly reason?: string;
  readonly maxExemptionDays: number;
}

/** What every grant must say. */
export interface Grant {
  /** The last day. */
  readonly until: string;
  readonly reason: string;
}

export const FOR_OPTION: OptionSpec = {
  flags: '--for <period>',
  description: 'how long: days such as 14d, or the last day such as 2026-12-31 (through its end in UTC)',
};

export const REASON_OPTION: OptionSpec = {
  flags: '--reason <text>',
  description: 'why, for whoever reads the alert and the list of exemptions',
};

/** Values of tags are not longer. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
const MAX_REASON = 256;

/** @throws UsageError for a date that is over, too far away or none, or without a reason. */
export function grantOf({ reason = '', maxExemptionDays, ...options }: GrantOptions, now: Date): Grant {
  if (options.for !== undefined && options.until !== undefined) throw new UsageError('--for does not go with --until');
  const text = options.for ?? options.until;
  if (text === undefined) throw new UsageError('--for is missing; accepted: such as --for 14d or --for 2026-12-31');
  const until = untilOf(text, maxExemptionDays, now);
  const why = reason.trim();
  if (why === '') throw new UsageError('--reason is missing; accepted: a few words on why');
  if (why.length > MAX_REASON || clean(why, MAX_REASON) !== why) {
    throw new UsageError(`--reason is not accepted; accepted: one line of at most ${MAX_REASON} characters`);
  }
  return { until, reason: why };
}

function untilOf(text: string, maxDays: number, now: Date): string {
  const until = /^0+d$/.test(text) ? undefined : readPeriod(text, now);
  const accepted = `accepted: 1d to ${maxDays}d, or a day from ${dayFromNow(now, 0)} to ${dayFromNow(now, maxDays)}`;
  if (until === undefined) throw new UsageError(`${JSON.stringify(text)} is no period and no date; ${accepted}`);
  switch (readExemption(new Map([[TAG.exemptUntil, until]]), now, maxDays).kind) {
    case 'active':
      return until;
    case 'expired':
      throw new UsageError(`${until} is over; ${accepted}`);
    case 'none':
    case 'malformed':
    case 'exceeds-maximum':
      throw new UsageError(`${until} is too far away; ${accepted} (--max-exemption-days)`);
  }
}
