import { UsageError } from './command.ts';
import type { Io } from './io.ts';

/**
 * Asks before something is changed, unless `--yes` was given.
 *
 * @throws UsageError where nobody can answer.
 */
export async function confirmed(question: string, { yes }: { readonly yes?: true }, io: Io): Promise<boolean> {
  if (yes) return true;
  const answer = await io.confirm(question);
  if (answer === undefined) throw new UsageError('nobody is there to answer, and nothing was changed: give --yes');
  if (!answer) io.note('Nothing was changed.');
  return answer;
}
