import type { Filter } from '../../lambda/app/ports/index.ts';
import { shellQuote } from '../../lambda/core/text.ts';
import { USAGE_RULES, type UsageRules } from '../../lambda/core/usage.ts';
import type { OptionSpec } from './command.ts';
import { MAX_EXEMPTION_OPTION } from './options.ts';

/** Options that select instances or decide about them. */
interface SelectingOptions extends Partial<UsageRules> {
  readonly profile?: string;
  readonly filter?: readonly Filter[];
  readonly maxExemptionDays?: number;
}

/** The options of a caller for a command that is suggested, so that it works on the same instances; `''` for none. */
export function repeatedOptions(options: SelectingOptions): string {
  const { profile, filter: filters = [], maxExemptionDays, lookBackDays, minimumAgeDays } = options;
  const parts = [
    ...(profile === undefined ? [] : ['--profile', word(profile)]),
    ...filters.flatMap((filter) => ['--filter', word(filterText(filter))]),
    ...unless(MAX_EXEMPTION_OPTION.fallback, '--max-exemption-days', maxExemptionDays),
    ...unless(USAGE_RULES.lookBackDays, '--look-back-days', lookBackDays),
    ...unless(USAGE_RULES.minimumAgeDays, '--minimum-age-days', minimumAgeDays),
  ];
  return parts.join(' ');
}

/** Every option in effect as part of a command line, defaults included. */
export function allOptions(specs: readonly OptionSpec[], options: object): string {
  const values = new Map<string, unknown>(Object.entries(options));
  const parts = specs.flatMap(({ flags }) => {
    const [flag = ''] = flags.split(' ');
    const name = flag.slice(2).replace(/-[a-z]/g, (match) => match.slice(1).toUpperCase());
    const value = values.get(name) as string | number | true | readonly string[] | undefined;
    if (value === undefined) return [];
    if (value === true) return [flag];
    if (name === 'filter')
      return (values.get(name) as readonly Filter[]).flatMap((filter) => [flag, word(filterText(filter))]);
    return [flag, word(String(value))];
  });
  return parts.join(' ');
}

/** A filter as it is given. */
export const filterText = ({ name, values }: Filter): string => `Name=${name},Values=${values.join(',')}`;

const unless = (fallback: unknown, flag: string, value: number | undefined): string[] =>
  value === undefined || value === fallback ? [] : [flag, String(value)];

/** A text as one word of a shell command, in quotes only where it needs them. */
const word = (text: string): string => (/^[\w=:,./@+-]+$/.test(text) ? text : shellQuote(text));
