import type { Io } from './io.ts';

/** Exit code of a command: 0 fine, 1 error, 2 findings. */
export type ExitCode = 0 | 1 | 2;

/** An option of a command, in Commander's notation. */
export interface OptionSpec {
  /** Such as `--regions <names>`; the word in angle brackets is the value. */
  readonly flags: string;
  readonly description: string;
  /**
   * Parses the value. Called once for each repetition, with the result of the one before.
   *
   * @throws UsageError that names the accepted values.
   */
  readonly read?: (text: string, before: unknown) => unknown;
  /** @default undefined: the option is absent */
  readonly fallback?: string | number;
}

/** The definition of one command. `run` receives options under their camelCase names. */
export interface Command<Options = never> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** More paragraphs for `--help`; complete sentences. */
  readonly details?: string;
  /**
   * IAM actions that the caller needs, those with a condition last, separated by semicolons; after `optional: ` those that
   * the command works without. A system test denies each of them.
   */
  readonly permissions?: string;
  /** In Commander's notation: `<id>`, `[id]`, `<ids...>`. */
  readonly args?: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionSpec[];
  /** Complete command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /**
   * Runs the command. All input and output goes through `io`, except AWS calls and files.
   *
   * @throws UsageError or an error of AWS: `main` prints it in one line and returns 1.
   */
  readonly run: (args: readonly string[], options: Options, io: Io) => Promise<ExitCode>;
}

/** Commands under one name, such as `exempt grant` and `exempt list`. */
export interface CommandGroup extends Omit<Command, 'run' | 'args' | 'options' | 'permissions'> {
  readonly subcommands: readonly AnyCommand[];
}

/** A command with any options. `run` receives the options that the command declares. */
export type AnyCommand =
  | CommandGroup
  | (Omit<Command, 'run'> & {
      // Method syntax is bivariant, so that commands with different options fit into one list.
      run(args: readonly string[], options: object, io: Io): Promise<ExitCode>;
    });

/** An error in the input: one line with the problem, the value and the accepted values. */
export class UsageError extends Error {
  public override readonly name = 'UsageError';
}

/** Refuses a value and names the accepted ones. @throws UsageError */
export function refuse(text: string, expected: string, accepted: string): never {
  throw new UsageError(`${JSON.stringify(text)} is not ${expected}; accepted: ${accepted}`);
}
