import { type OptionSpec, UsageError } from './command.ts';
import { EXISTING, STACK } from '../../lambda/contract.ts';
import type { Filter } from '../../lambda/app/ports/index.ts';
import { toInstanceId } from '../../lambda/core/target.ts';

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
  read: (text) => {
    const mode = EXISTING.find((name) => name === text);
    if (mode !== undefined) return mode;
    throw new UsageError(`${JSON.stringify(text)} is not accepted; accepted: ${EXISTING.join(' | ')}`);
  },
  fallback: 'audit',
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
  read: (text, before) => [...((before as readonly Filter[] | undefined) ?? []), filterOf(text)],
};

/** Parses one filter in the notation of the AWS CLI. */
function filterOf(text: string): Filter {
  const [, name, values = ''] = /^Name=([^,\s]+),Values=(.+)$/s.exec(text) ?? [];
  if (name !== undefined) return { name, values: values.split(',') };
  throw new UsageError(
    `${JSON.stringify(text)} is not a filter; accepted: filters such as Name=tag:team,Values=web,shop`,
  );
}

/** Parses a whole number within inclusive bounds. */
export function wholeNumberOf(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`${JSON.stringify(text)} is not accepted; accepted: a whole number from ${min} to ${max}`);
  };
}

/** Parses one instance id. */
export function instanceIdOf(text: string): string {
  const id = toInstanceId(text);
  if (id !== undefined) return id;
  throw new UsageError(`${JSON.stringify(text)} is not an instance id; accepted: ids such as i-0a1b2c3d4e5f60718`);
}

/** Parses comma-separated instance ids and appends them to those of an earlier `--instance-ids`. */
export function instanceIdsOf(text: string, before: unknown): readonly string[] {
  const earlier = (before as readonly string[] | undefined) ?? [];
  return [...earlier, ...text.split(',').map((id) => instanceIdOf(id))];
}
