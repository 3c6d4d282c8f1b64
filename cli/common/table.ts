import Table from 'cli-table3';
import { Help } from 'commander';
import type { Io } from './io.ts';

const BARE = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};

const help = new Help();
// By default it leaves narrow texts as they are.
help.minWidthToWrap = 1;

/** A text as lines of at most `width` characters, if its words are not longer. */
export const wrapped = (text: string, width: number): readonly string[] => help.boxWrap(text, width).split('\n');

/** Prints a text, broken between words where it is wider than the terminal. */
export function print(io: Io, text: string): void {
  for (const line of wrapped(text, io.columns)) io.out(line);
}

/** Prints a label and a text, which continues below itself. */
export function printLabelled(io: Io, label: string, text: string, width: number): void {
  const [first = '', ...rest] = wrapped(text, io.columns - width - 2);
  io.out(`  ${io.style('dim', label.padEnd(width))}${label.length < width ? '' : ' '}${first}`);
  for (const next of rest) io.out(' '.repeat(width + 2) + next);
}

/**
 * Prints a table without borders. Where it is wider than the terminal, its heads and its widest column are broken between
 * words; where that is not enough, each row becomes a block with one cell on a line.
 *
 * @param texts columns that are aligned left, as text is; by default all. The others are aligned right.
 */
export function printTable(
  io: Io,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: readonly number[] = [...head.keys()],
): void {
  const layouts = [
    () => linesOf(io, head, rows, texts),
    () => linesOf(io, head.map(broken), rows, texts),
    () => linesOf(io, head.map(broken), withWidestWrapped(io, head.map(broken), rows), texts),
  ];
  for (const layout of layouts) {
    const lines = layout();
    if (lines.every((line) => help.displayWidth(line) <= io.columns)) return lines.forEach((line) => io.out(line));
  }
  printBlocks(io, head, rows);
}

const broken = (text: string): string => text.replaceAll(' ', '\n');

function linesOf(
  io: Io,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: readonly number[],
): readonly string[] {
  const table = new Table({
    head: head.map((name) => styledLines(io, name)),
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

const styledLines = (io: Io, text: string): string =>
  text
    .split('\n')
    .map((line) => io.style('dim', line))
    .join('\n');

/** The rows with the widest column as wide as the terminal has room for. */
function withWidestWrapped(io: Io, head: readonly string[], rows: readonly (readonly string[])[]) {
  const widthOf = (text = '') => Math.max(...text.split('\n').map((line) => help.displayWidth(line)));
  const widths = head.map((name, index) => Math.max(widthOf(name), ...rows.map((row) => widthOf(row[index]))));
  const widest = widths.indexOf(Math.max(...widths));
  const room = io.columns - widths.reduce((sum, width, index) => sum + (index === widest ? 0 : width + 2), 0);
  return rows.map((row) =>
    row.map((cell, index) => (index === widest ? wrapped(cell, Math.max(1, room)).join('\n') : cell)),
  );
}

function printBlocks(io: Io, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const width = Math.max(...head.map((name) => name.length)) + 1;
  for (const [index, row] of rows.entries()) {
    if (index > 0) io.out('');
    for (const [column, cell] of row.entries()) if (cell !== '') printLabelled(io, head[column] ?? '', cell, width);
  }
}
