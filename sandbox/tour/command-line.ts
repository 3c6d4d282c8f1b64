import { dayAfter } from '../calendar.ts';
import type { Scenario } from './scenario.ts';

/** What a command uses in a scenario instead of the terminal and the real clock. */
export interface CommandContext {
  readonly print: (line: string) => void;
  /** Width in columns. */
  readonly columns: number;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Runs the command line `imdsv2`. The entry point passes it in. @returns the exit code. */
export type CommandLine = (args: readonly string[], context: CommandContext) => Promise<number>;

/** Runs a command as the user of a scenario, and prints its output. @returns the exit code. */
export async function runCommand(
  { sandbox, print, columns }: Pick<Scenario, 'sandbox' | 'print' | 'columns'>,
  imdsv2: CommandLine,
  args: readonly string[],
): Promise<number> {
  const { clock } = sandbox;
  print(`$ imdsv2 ${args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')}`);
  const before = { ...process.env };
  Object.assign(process.env, sandbox.environment('AKIADEVELOPER'));
  try {
    return await imdsv2(args, {
      print,
      columns,
      now: () => new Date(clock.now()),
      sleep: (milliseconds) => clock.sleep(milliseconds),
    });
  } finally {
    process.env = before;
  }
}

/**
 * Runs the rollback command of an alert, with an exemption until the end of the day.
 *
 * @returns the exit code of the command.
 */
export function rollBack(scenario: Scenario, imdsv2: CommandLine, command: string, reason: string): Promise<number> {
  const words = command.split(' ').slice(1);
  const options = words.findIndex((word) => word === '--for' || word === '--reason');
  const today = dayAfter(scenario.sandbox.clock.now(), 0);
  const args = [...words.slice(0, options), '--for', today, '--reason', reason, '--yes'];
  return runCommand(scenario, imdsv2, args);
}
