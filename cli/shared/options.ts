import { type OptionSpec, UsageError } from './command.ts';
import { EXISTING, STACK } from '../../lambda/contract.ts';
import type { Filter } from '../../lambda/app/ports.ts';
import { toInstanceId } from '../../lambda/core/target.ts';

/** For every command with a result. */
export const JSON_OPTION: OptionSpec = { flags: '--json', description: 'the result as JSON' };

/** The furthest an exemption may reach where nothing else is said; the same as the function's default. */
export const MAX_EXEMPTION_OPTION: OptionSpec = {
  flags: '--max-exemption-days <n>',
  description: 'as in the settings of the deployment: exemptions that reach further do not count',
  read: wholeNumberOf(1, 3650),
  fallback: 90,
};

/** What the deployment does with instances that existed before. */
export const EXISTING_OPTION: OptionSpec = {
  flags: '--existing <mode>',
  description: `as in the settings of the deployment, for instances that existed before: ${EXISTING.join(' | ')}`,
  read: (text) => {
    const mode = EXISTING.find((name) => name === text);
    if (mode !== undefined) return mode;
    throw new UsageError(`${JSON.stringify(text)} is not accepted; accepted: ${EXISTING.join(' | ')}`);
  },
  fallback: 'audit',
};

/** For every command that works with the deployment. */
export const STACK_OPTION: OptionSpec = {
  flags: '--stack <name>',
  description: 'the CloudFormation stack of the deployment',
  fallback: STACK,
};

/** Does without the question. */
export const YES_OPTION: OptionSpec = { flags: '--yes', description: 'do it without asking' };

/** Narrows a list of instances down. Gives `Filter`s. */
export const FILTER_OPTION: OptionSpec = {
  flags: '--filter <filter>',
  description:
    'only instances that pass, as in "aws ec2 describe-instances": Name=tag:team,Values=a,b; may be repeated, then all of them must',
  read: (text, before) => [...((before as readonly Filter[] | undefined) ?? []), filterOf(text)],
};

/** Reads one filter, as the AWS CLI has it. */
function filterOf(text: string): Filter {
  const [, name, values = ''] = /^Name=([^,\s]+),Values=(.+)$/s.exec(text) ?? [];
  if (name !== undefined) return { name, values: values.split(',') };
  throw new UsageError(`${JSON.stringify(text)} is not a filter; accepted: such as Name=tag:team,Values=web,shop`);
}

/** Reads a whole number within bounds, both included. */
export function wholeNumberOf(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new UsageError(`${JSON.stringify(text)} is not accepted; accepted: a whole number from ${min} to ${max}`);
  };
}

/** Reads one instance id. */
export function instanceIdOf(text: string): string {
  const id = toInstanceId(text);
  if (id !== undefined) return id;
  throw new UsageError(`${JSON.stringify(text)} is not an instance id; accepted: ids such as i-0a1b2c3d4e5f60718`);
}

/** Reads instance ids with commas between them, and adds them to those of an earlier repetition. */
export function instanceIdsOf(text: string, before: unknown): readonly string[] {
  const earlier = (before as readonly string[] | undefined) ?? [];
  return [...earlier, ...text.split(',').map((id) => instanceIdOf(id))];
}
