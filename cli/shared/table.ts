import Table from 'cli-table3';
import { Help } from 'commander';
import type { Io } from './io.ts';

const BARE = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};

const help = new Help();

/** Prints a text, broken between words where it is wider than the terminal. */
export function print(io: Io, text: string): void {
  for (const line of help.boxWrap(text, io.columns).split('\n')) io.out(line);
}

/**
 * Prints a table without borders.
 *
 * @param texts columns that are aligned left, as text is; by default all. The others are aligned right.
 */
export function printTable(
  io: Io,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: readonly number[] = [...head.keys()],
): void {
  const table = new Table({
    head: head.map((name) => io.style('dim', name)),
    colAligns: head.map((_, index) => (texts.includes(index) ? 'left' : 'right')),
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows.map((cells) => [...cells]));
  for (const line of table.toString().split('\n')) io.out(line.trimEnd());
}
