import { dayAfter } from '../calendar.ts';
import type { Scenario } from './scenario.ts';

/** What a command uses in a scenario instead of the terminal and the real clock. */
export interface CommandContext {
  readonly print: (line: string) => void;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Runs the command line `imdsv2`. The entry point passes it in. @returns the exit code. */
export type CommandLine = (args: readonly string[], context: CommandContext) => Promise<number>;

/**
 * Runs the rollback command of an alert, with an exemption until the end of the day.
 *
 * @returns the exit code of the command.
 */
export async function rollBack(
  { sandbox, print }: Scenario,
  imdsv2: CommandLine,
  command: string,
  reason: string,
): Promise<number> {
  const { clock } = sandbox;
  const words = command.split(' ').slice(1);
  const options = words.findIndex((word) => word === '--for' || word === '--reason');
  const args = [...words.slice(0, options), '--for', dayAfter(clock.now(), 0), '--reason', reason, '--yes'];
  print(`$ imdsv2 ${args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')}`);
  const before = { ...process.env };
  Object.assign(process.env, sandbox.environment('AKIADEVELOPER'));
  try {
    return await imdsv2(args, {
      print,
      now: () => new Date(clock.now()),
      sleep: (milliseconds) => clock.sleep(milliseconds),
    });
  } finally {
    process.env = before;
  }
}
