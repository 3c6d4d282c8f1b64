import { type OptionSpec, refuse, UsageError } from './command.ts';
import { EXISTING, LAUNCHES, STACK } from '../../lambda/contract.ts';
import { CALENDAR_DAY } from '../../lambda/parsers.ts';
import type { Filter } from '../../lambda/app/ports/index.ts';
import { toInstanceId } from '../../lambda/core/target.ts';
import type { Io } from './io.ts';

/** Prints JSON instead of text. */
export const JSON_OPTION: OptionSpec = { flags: '--json', description: 'print the result as JSON' };

/** Maximum exemption duration; the default is that of the deployment. */
export const MAX_EXEMPTION_OPTION: OptionSpec = {
  flags: '--max-exemption-days <n>',
  description: 'setting maxExemptionDays of the deployment: longer exemptions do not count',
  read: wholeNumberOf(1, 3650),
  fallback: 90,
};

/** What the deployment does with existing instances. */
export const EXISTING_OPTION: OptionSpec = {
  flags: '--existing <mode>',
  description: `setting existing of the deployment: ${EXISTING.join(', ')}`,
  read: (text) => EXISTING.find((name) => name === text) ?? refuse(text, 'accepted', EXISTING.join(' | ')),
  fallback: 'audit',
};

/** What the deployment does with launches of groups that use IMDSv1. */
export const LAUNCHES_OPTION: OptionSpec = {
  flags: '--launches <mode>',
  description: `setting launches of the deployment: ${LAUNCHES.join(', ')}`,
  read: (text) => LAUNCHES.find((name) => name === text) ?? refuse(text, 'accepted', LAUNCHES.join(' | ')),
  fallback: 'enforce',
};

/** Since when the deployment does not count new instances as existing. */
export const ENFORCE_SINCE_OPTION: OptionSpec = {
  flags: '--enforce-since <day>',
  description: 'setting enforceSince of the deployment, as YYYY-MM-DD',
  read: (text) => CALENDAR_DAY.parse(text) ?? refuse(text, 'accepted', CALENDAR_DAY.accepted),
};

/** Selects the deployment. */
export const STACK_OPTION: OptionSpec = {
  flags: '--stack <name>',
  description: 'CloudFormation stack of the deployment',
  fallback: STACK,
};

/** Skips the confirmation. */
export const YES_OPTION: OptionSpec = { flags: '--yes', description: 'do not ask for confirmation' };

/** Selects instances with the filters of DescribeInstances. */
export const FILTER_OPTION: OptionSpec = {
  flags: '--filter <filter>',
  description:
    'only matching instances, as in "aws ec2 describe-instances": Name=tag:team,Values=a,b; if repeated, all filters must match',
  read: repeatable((text): Filter[] => {
    const [, name, values = ''] = /^Name=([^,\s]+),Values=(.+)$/s.exec(text) ?? [];
    if (name === undefined) return refuse(text, 'a filter', 'filters such as Name=tag:team,Values=web,shop');
    return [{ name, values: values.split(',') }];
  }),
};

/** Parses the values of an option that may be repeated, and appends them to those before. */
export function repeatable<T>(read: (text: string) => readonly T[]): OptionSpec['read'] {
  return (text, before) => [...((before as readonly T[] | undefined) ?? []), ...read(text)];
}

/** Parses a whole number within inclusive bounds. */
export function wholeNumberOf(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : refuse(text, 'accepted', `a whole number from ${min} to ${max}`);
  };
}

/** Parses one instance id. */
export const instanceIdOf = (text: string): string =>
  toInstanceId(text) ?? refuse(text, 'an instance id', 'ids such as i-0a1b2c3d4e5f60718');

/**
 * Asks before a change is made, unless `--yes` was given.
 *
 * @throws UsageError if standard input is not a terminal.
 */
export async function confirmed(question: string, { yes }: { readonly yes?: true }, io: Io): Promise<boolean> {
  if (yes) return true;
  const answer = await io.confirm(question);
  if (answer === undefined) {
    throw new UsageError('Not a terminal, cannot prompt. Nothing was changed. Re-run with --yes.');
  }
  if (!answer) io.note('Nothing was changed.');
  return answer;
}
