import { readFile } from 'node:fs/promises';
import { clean } from '../../lambda/core/text.ts';
import { toInstanceId } from '../../lambda/core/target.ts';
import { UsageError } from './command.ts';

/**
 * Reads a file with one instance id on each line; `#` begins a comment.
 *
 * @throws UsageError if it cannot be read, has no id, or a line is neither.
 */
export async function readIds(path: string): Promise<readonly string[]> {
  const ids = (await read(path)).split('\n').flatMap((line, index) => {
    const text = line.replace(/#.*/s, '').trim();
    if (text === '') return [];
    const id = toInstanceId(text);
    if (id !== undefined) return [id];
    const problem = `${JSON.stringify(clean(text))} is not an instance id`;
    throw new UsageError(`${path}, line ${index + 1}: ${problem}; accepted: one id a line, and comments after #`);
  });
  if (ids.length === 0) throw new UsageError(`${path} names no instance`);
  return ids;
}

async function read(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(code);
    throw new UsageError(`${path} cannot be read: ${why}`);
  }
}
