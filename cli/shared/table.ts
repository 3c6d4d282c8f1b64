import Table from 'cli-table3';
import type { Io } from './io.ts';

const BARE = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};

/**
 * The lines of a table without borders.
 *
 * @param texts columns that are aligned left, as text is; the others are aligned right.
 */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: readonly number[],
  io: Pick<Io, 'style'>,
): string[] {
  const table = new Table({
    head: head.map((name) => io.style('dim', name)),
    colAligns: head.map((_, index) => (texts.includes(index) ? 'left' : 'right')),
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows.map((cells) => [...cells]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
