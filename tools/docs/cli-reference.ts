import type { AnyCommand, OptionSpec } from '../../cli/common/command.ts';
import { replaceSection } from './marked-section.ts';

const MARKS = ['<!-- written by npm run docs:cli -->', '<!-- end of the reference -->'] as const;

/** Replaces the reference between the marks of a page. */
export const withReference = (page: string, commands: readonly AnyCommand[]): string =>
  replaceSection(page, MARKS, commands.flatMap((command) => sections(command)).join('\n\n'));

/** The sections of a command and its subcommands. */
function sections(command: AnyCommand, parent = 'imdsv2'): readonly string[] {
  const path = `${parent} ${command.name}`;
  const heading = `${parent === 'imdsv2' ? '###' : '####'} ${path}`;
  const text = [heading, `${command.summary}.`, command.details];
  if ('subcommands' in command) {
    return [paragraphs(text), ...command.subcommands.flatMap((subcommand) => sections(subcommand, path))];
  }
  const { args = [], options, permissions, examples } = command;
  const usage = [path, ...args.map(({ name }) => name), '[options]'].join(' ');
  return [
    paragraphs([
      ...text,
      `Usage: \`${usage}\``,
      [...args.map(({ name, description }) => item(name, description)), ...options.map(option)].join('\n'),
      permissions && `Needs ${withActions(permissions)}.`,
      ['```sh', ...examples.flatMap(([line, does]) => [`# ${does}`, line]), '```'].join('\n'),
    ]),
  ];
}

const paragraphs = (parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join('\n\n');

const item = (name: string, description: string): string => `- \`${name}\`: ${description}`;

const option = ({ flags, description, fallback }: OptionSpec): string =>
  item(flags, fallback === undefined ? description : `${description} (default: ${String(fallback)})`);

/** Marks IAM actions as code. */
const withActions = (text: string): string => text.replaceAll(/\w+:\w+/g, (action) => `\`${action}\``);
