import { terminal } from '../../cli/shared/io.ts';
import { main } from '../../cli/main.ts';
import type { Scenario } from './scenario.ts';

const DAY = 86_400_000;

/** The calendar day so many days later, as the exemption tag wants it. */
export const dayFrom = (now: number, days: number): string => new Date(now + days * DAY).toISOString().slice(0, 10);

/**
 * Types the rollback line of an alert, but for the rest of the day only.
 *
 * @returns the exit code of the command.
 */
export async function rollBack({ sandbox, say }: Scenario, line: string, reason: string): Promise<number> {
  const { clock } = sandbox;
  const words = line.split(' ').slice(1);
  const options = words.findIndex((word) => word === '--for' || word === '--reason');
  const args = [...words.slice(0, options), '--for', dayFrom(clock.now(), 0), '--reason', reason, '--yes'];
  say(`$ imdsv2 ${args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')}`);
  const io = {
    ...terminal(process, new AbortController().signal),
    out: say,
    note: say,
    now: () => new Date(clock.now()),
    sleep: (ms: number) => clock.sleep(ms),
  };
  const before = { ...process.env };
  Object.assign(process.env, sandbox.environment('AKIADEVELOPER'));
  try {
    return await main(args, io);
  } finally {
    process.env = before;
  }
}
