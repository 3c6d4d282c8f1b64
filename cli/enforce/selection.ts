import { readFile } from 'node:fs/promises';
import type { Filter, FleetReader } from '../../lambda/app/ports/index.ts';
import { toInstanceId } from '../../lambda/core/target.ts';
import { clean } from '../../lambda/core/text.ts';
import { UsageError } from '../common/command.ts';
import { fileProblem } from '../common/errors.ts';

/** The options that select instances, besides those of Regions. */
export interface SelectionOptions {
  readonly instanceIds?: readonly string[];
  readonly file?: string;
  readonly filter?: readonly Filter[];
}

/**
 * The ids of the selected instances; `undefined` if they are not selected by id.
 *
 * @throws UsageError if the file cannot be read, or ids and filters are combined.
 */
export async function selectedIds({ instanceIds = [], file, filter = [] }: SelectionOptions) {
  if (instanceIds.length === 0 && file === undefined) return undefined;
  if (filter.length > 0) throw new UsageError('--filter cannot be combined with --instance-ids or --file');
  return [...new Set([...instanceIds, ...(file === undefined ? [] : await readIds(file))])];
}

/**
 * Reads a file with one instance id on each line; `#` starts a comment.
 *
 * @throws UsageError if the file cannot be read, has no id, or has a line that is not an id.
 */
async function readIds(path: string): Promise<readonly string[]> {
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${path} ${fileProblem(error)}`);
  });
  const lines = content.replace(/^\uFEFF/, '').split('\n');
  const ids = lines.flatMap((line, index) => {
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

/** Maximum values of a filter. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const FILTER_VALUES = 200;

/** A reader of only these instances, with as many ids per request as one filter takes. */
export function restrictedTo(ids: readonly string[], fleet: FleetReader): FleetReader {
  return {
    page: async (region, filters, token = '0') => {
      const [from = '', inner] = token.split(/ (.*)/s);
      const start = Number(from);
      const values = ids.slice(start, start + FILTER_VALUES);
      const { snapshots, next } = await fleet.page(region, [...filters, { name: 'instance-id', values }], inner);
      const after = start + FILTER_VALUES;
      if (next !== undefined) return { snapshots, next: `${from} ${next}` };
      return { snapshots, next: after < ids.length ? String(after) : undefined };
    },
  };
}
