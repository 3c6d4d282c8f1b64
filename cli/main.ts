import { Command as Commander, CommanderError, Option } from 'commander';
import { clean } from '../lambda/core/text.ts';
import { version } from '../package.json';
import { commands } from './commands.ts';
import { adviceOn, explainError } from './common/errors.ts';
import { type AnyCommand, type ExitCode, type OptionSpec, UsageError } from './common/command.ts';
import { fitting, wrapped } from './common/fit.ts';
import type { Io } from './common/io.ts';

const DESCRIPTION = `Finds EC2 instances with IMDSv1 enabled, requires IMDSv2 on them, and rolls that back.

AWS credentials, Region, endpoints, proxy and certificates are found as the AWS CLI finds them.
In the repository, run "npm run -s imdsv2 -- <command>": -s keeps npm's banner out of files and pipes.`;

/** Runs a command line. Never throws: an error is printed in one line and returns 1. */
export async function main(argv: readonly string[], terminal: Io): Promise<ExitCode> {
  const io = fitting(terminal);
  let exitCode: ExitCode = 0;
  const program = configured(new Commander('imdsv2'), io).description(DESCRIPTION).version(version);
  const add = (parent: Commander, command: AnyCommand): void => {
    const sub = configured(parent.command(command.name), io)
      .summary(command.summary)
      .description(descriptionOf(command));
    if (command.examples.length > 0) sub.addHelpText('after', examplesOf(command, io));
    if ('subcommands' in command) {
      for (const subcommand of command.subcommands) add(sub, subcommand);
      return;
    }
    for (const { name, description } of command.args ?? []) sub.argument(name, description);
    sub.allowExcessArguments();
    for (const option of command.options) sub.addOption(toOption(option));
    sub.action(async () => {
      refuseExcess(sub);
      exitCode = await command.run(sub.args, sub.opts(), io);
    });
  };
  for (const command of commands) add(program, command);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its own errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    io.progress('');
    io.note(`imdsv2: ${io.interrupted.aborted ? 'interrupted' : explainError(error) + adviceOn(error)}`);
    return 1;
  }
}

function configured(command: Commander, io: Io): Commander {
  return command
    .exitOverride()
    .configureHelp({ minWidthToWrap: 1 })
    .configureOutput({
      writeOut: (text) => io.verbatim(text.trimEnd()),
      writeErr: (text) => io.note(text.trimEnd()),
      outputError: (text, write) => write(`imdsv2: ${oneLine(text)}; ${acceptedBy(command, text)}`),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
      getOutHasColors: () => false,
    });
}

/** Commander's error in one line: it puts "(Did you mean …?)" on a line of its own. */
const oneLine = (text: string): string =>
  text
    .trim()
    .replace(/^error: /, '')
    .replace('\n', ' ');

/** What is accepted in place of what was refused. */
function acceptedBy(command: Commander, problem: string): string {
  if (problem.includes('unknown command')) return `accepted: ${command.commands.map((sub) => sub.name()).join(', ')}`;
  if (!problem.includes('unknown option')) return `see ${pathOf(command)} --help`;
  return `accepted: ${[...command.options.flatMap(({ long }) => long ?? []), '--help'].join(', ')}`;
}

/** Commander's own error gives the number of arguments, not the excess one. */
function refuseExcess(command: Commander): void {
  const { args, registeredArguments } = command;
  const excess = registeredArguments.at(-1)?.variadic ? undefined : args[registeredArguments.length];
  if (excess === undefined) return;
  const accepted = [pathOf(command), command.usage()].join(' ');
  throw new UsageError(`unexpected argument ${JSON.stringify(clean(excess))}; accepted: ${accepted}`);
}

const pathOf = (command: Commander): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

function descriptionOf(command: AnyCommand): string {
  const permissions = 'permissions' in command ? command.permissions : undefined;
  return [`${command.summary}.`, command.details, permissions && `Needs ${permissions}.`].filter(Boolean).join('\n\n');
}

function examplesOf({ examples }: AnyCommand, { columns }: Io): string {
  const lines = examples.flatMap(([line, does]) => [...wrapped(does, columns - 4).map((part) => `# ${part}`), line]);
  return ['\nExamples:', ...lines.map((line) => `  ${line}`)].join('\n');
}

function toOption({ flags, description, read, fallback }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (fallback !== undefined) option.default(fallback);
  if (read !== undefined) {
    option.argParser((text, before) => {
      try {
        return read(text, before);
      } catch (error) {
        throw error instanceof UsageError ? new UsageError(`${option.long}: ${error.message}`) : error;
      }
    });
  }
  return option;
}
