import { readFile } from 'node:fs/promises';
import { clean } from '../../lambda/core/text.ts';
import { toInstanceId } from '../../lambda/core/target.ts';
import { UsageError } from './command.ts';
import { fileProblem } from './errors.ts';

/**
 * Reads a file with one instance id on each line; `#` starts a comment.
 *
 * @throws UsageError if the file cannot be read, has no id, or has a line that is not an id.
 */
export async function readIds(path: string): Promise<readonly string[]> {
  const ids = (await read(path)).split('\n').flatMap((line, index) => {
    const text = line.replace(/#.*/s, '').trim();
    if (text === '') return [];
    const id = toInstanceId(text);
    if (id !== undefined) return [id];
    const problem = `${JSON.stringify(clean(text))} is not an instance id`;
    throw new UsageError(`${path}, line ${index + 1}: ${problem}; accepted: one id per line, comments after #`);
  });
  if (ids.length === 0) throw new UsageError(`${path} has no instance id`);
  return ids;
}

async function read(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    throw new UsageError(`${path} ${fileProblem(error)}`);
  }
}
