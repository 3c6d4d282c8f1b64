import type { Filter } from '../../lambda/app/ports/index.ts';
import { shellQuote } from '../../lambda/core/text.ts';
import { USAGE_RULES, type UsageRules } from '../../lambda/core/usage.ts';
import { MAX_EXEMPTION_OPTION } from './options.ts';

/** Options that select instances or decide about them. */
interface SelectingOptions extends Partial<UsageRules> {
  readonly profile?: string;
  readonly filter?: readonly Filter[];
  readonly maxExemptionDays?: number;
}

/** The options of a caller for a command that is suggested, so that it works on the same instances; `''` for none. */
export function repeatedOptions(options: SelectingOptions): string {
  const { profile, filter = [], maxExemptionDays, lookBackDays, minimumAgeDays } = options;
  const parts = [
    ...(profile === undefined ? [] : ['--profile', word(profile)]),
    ...filter.flatMap(({ name, values }) => ['--filter', word(`Name=${name},Values=${values.join(',')}`)]),
    ...unless(MAX_EXEMPTION_OPTION.fallback, '--max-exemption-days', maxExemptionDays),
    ...unless(USAGE_RULES.lookBackDays, '--look-back-days', lookBackDays),
    ...unless(USAGE_RULES.minimumAgeDays, '--minimum-age-days', minimumAgeDays),
  ];
  return parts.join(' ');
}

const unless = (fallback: unknown, flag: string, value: number | undefined): string[] =>
  value === undefined || value === fallback ? [] : [flag, String(value)];

/** A text as one word of a shell command, in quotes only where it needs them. */
const word = (text: string): string => (/^[\w=:,./@+-]+$/.test(text) ? text : shellQuote(text));
