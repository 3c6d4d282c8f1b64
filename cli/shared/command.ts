import type { Io } from './io.ts';

/** How a command ended: 0 well, 1 with an error, 2 with findings. */
export type ExitCode = 0 | 1 | 2;

/** An option of a command, as commander writes it. */
export interface OptionSpec {
  /** Such as `--regions <names>`; a word in angle brackets takes a value. */
  readonly flags: string;
  readonly description: string;
  /**
   * Reads the value. May be called again for each repetition, with what the one before returned.
   *
   * @throws UsageError saying what is accepted.
   */
  readonly read?: (text: string, before: unknown) => unknown;
  /** @default undefined: the option is absent */
  readonly fallback?: unknown;
}

/** An argument of a command, as commander writes it: `<id>`, `[id]`, `<ids...>`. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
}

/** One command, as data. Options arrive under their camelCase names. */
export interface Command<Options = never> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What else `--help` says; complete sentences. */
  readonly details?: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Complete lines that one could type, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /**
   * Does it. Everything it reads or writes goes through `io`.
   *
   * @throws UsageError, or whatever AWS answered; both become one line and exit code 1.
   */
  readonly run: (args: readonly string[], options: Options, io: Io) => Promise<ExitCode>;
}

/** Commands under one name, such as `exempt grant`. It does nothing itself. */
export interface CommandGroup extends Omit<Command, 'run' | 'args' | 'options'> {
  readonly subcommands: readonly AnyCommand[];
}

/** A command of any options: those that it declares are those that it gets. */
export type AnyCommand =
  | CommandGroup
  | (Omit<Command, 'run'> & {
      // Method syntax, so that commands of different options fit into one list.
      run(args: readonly string[], options: object, io: Io): Promise<ExitCode>;
    });

/** Thrown for what somebody typed: one line that says what, which value and what is accepted. */
export class UsageError extends Error {
  public override readonly name = 'UsageError';
}
