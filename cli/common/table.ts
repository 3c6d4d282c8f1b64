import Table from 'cli-table3';
import { widthOf, wrapped } from './fit.ts';
import type { Io } from './io.ts';

const BARE = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' },
};

/**
 * Prints a label and beside it a text, which continues below itself. A label that is too long has a line of its own.
 *
 * @param label with its indentation and style.
 */
export function printBeside(io: Io, label: string, text: string, width: number): void {
  const lines = wrapped(text, io.columns - width);
  const room = width - widthOf(label);
  const beside = room > 0 ? lines.slice(0, 1) : [];
  io.out(label + ' '.repeat(Math.max(0, room)) + beside.join(''));
  for (const line of lines.slice(beside.length)) io.out(' '.repeat(width) + line);
}

/** Prints a label as in a list of properties, and its text. */
export const printLabelled = (io: Io, label: string, text: string, width: number): void =>
  printBeside(io, `  ${io.style('dim', label)}`, text, width + 2);

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
  const narrow = narrowHeads(head, rows);
  const layouts = [
    () => linesOf(io, head, rows, texts),
    () => linesOf(io, narrow, rows, texts),
    () => linesOf(io, narrow, withWidestWrapped(io, narrow, rows), texts),
  ];
  for (const layout of layouts) {
    const lines = layout();
    if (lines.every((line) => widthOf(line) <= io.columns)) return lines.forEach((line) => io.out(line));
  }
  printBlocks(io, head, rows);
}

/** The heads, of which those that are wider than what is below them are broken between words. */
const narrowHeads = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  head.map((name, index) =>
    rows.some((row) => cellWidth(row[index]) >= widthOf(name)) ? name : name.replaceAll(' ', '\n'),
  );

const cellWidth = (text = ''): number => Math.max(...text.split('\n').map(widthOf));

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
  const widths = head.map((name, index) => Math.max(cellWidth(name), ...rows.map((row) => cellWidth(row[index]))));
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
    for (const [column, cell] of row.entries())
      if (widthOf(cell) > 0) printLabelled(io, head[column] ?? '', cell, width);
  }
}
