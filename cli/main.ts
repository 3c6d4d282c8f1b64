import { Command as Commander, CommanderError, Option } from 'commander';
import { clean } from '../lambda/core/text.ts';
import { commands } from './commands.ts';
import { explainError } from './shared/errors.ts';
import { type AnyCommand, type ExitCode, type OptionSpec, UsageError } from './shared/command.ts';
import type { Io } from './shared/io.ts';

const DESCRIPTION = `Finds EC2 instances that answer IMDSv1, closes them, and backs out again.

AWS credentials and the region are found as the AWS CLI finds them; AWS_ENDPOINT_URL is honoured.`;

/** Runs what was typed. Never throws: an error is one line and 1. */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = styled(new Commander('imdsv2'), io).description(DESCRIPTION).helpCommand(false);
  const add = (parent: Commander, command: AnyCommand): void => {
    const sub = styled(parent.command(command.name), io).summary(command.summary).description(descriptionOf(command));
    if (command.examples.length > 0) sub.addHelpText('after', examplesOf(command));
    if ('subcommands' in command) {
      sub.helpCommand(false);
      for (const under of command.subcommands) add(sub, under);
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
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    io.progress('');
    io.note(`imdsv2: ${explainError(error, io.interrupted)}`);
    return 1;
  }
}

function styled(command: Commander, io: Io): Commander {
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.note(text.trimEnd()),
      outputError: (text, write) => write(`imdsv2:${text.trim().replace(/^error:/, '')}; ${acceptedBy(command, text)}`),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
      getOutHasColors: () => false,
    });
}

/** What could have been typed instead. */
function acceptedBy(command: Commander, problem: string): string {
  if (problem.includes('unknown command')) return `accepted: ${command.commands.map((sub) => sub.name()).join(', ')}`;
  if (!problem.includes('unknown option')) return `see ${pathOf(command)} --help`;
  return `accepted: ${[...command.options.flatMap(({ long }) => long ?? []), '--help'].join(', ')}`;
}

/** Commander counts them, but does not say which it means. */
function refuseExcess(command: Commander): void {
  const { args, registeredArguments } = command;
  const excess = registeredArguments.at(-1)?.variadic ? undefined : args[registeredArguments.length];
  if (excess === undefined) return;
  const accepted = [pathOf(command), command.usage()].join(' ');
  throw new UsageError(`${JSON.stringify(clean(excess))} is one argument too many; accepted: ${accepted}`);
}

const pathOf = (command: Commander): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

const descriptionOf = ({ summary, details }: AnyCommand): string => [summary, details].filter(Boolean).join('\n\n');

function examplesOf({ examples }: AnyCommand): string {
  return `\nExamples:\n${examples.map(([line, does]) => `  # ${does}\n  ${line}`).join('\n')}`;
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
