import { UsageError } from './command.ts';
import type { Io } from './io.ts';

/**
 * Asks before a change is made, unless `--yes` was given.
 *
 * @throws UsageError if standard input is not a terminal.
 */
export async function confirmed(question: string, { yes }: { readonly yes?: true }, io: Io): Promise<boolean> {
  if (yes) return true;
  const answer = await io.confirm(question);
  if (answer === undefined) {
    throw new UsageError('Not a terminal, cannot prompt. Nothing was changed. Re-run with --yes.');
  }
  if (!answer) io.note('Nothing was changed.');
  return answer;
}
