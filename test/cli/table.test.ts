import fc from 'fast-check';
import { printTable } from '../../cli/common/table.ts';
import { recordingIo } from '../support/io.ts';

const HEAD = ['region', 'instance', 'name', 'IMDSv1 usage'];
const ROWS = [
  [
    'ap-southeast-1',
    'i-0a1b2c3d4e5f60718',
    'checkout-worker',
    'in use: 2,939 calls without a token in its Auto Scaling group (instances that are gone included), about 210 per day, last seen 2026-11-21T08:00Z',
  ],
  ['eu-west-1', 'i-0a1b2c3d4e5f60719', '', 'unknown: not running'],
];

function linesAt(columns: number, head = HEAD, rows: readonly (readonly string[])[] = ROWS): readonly string[] {
  const { io, out } = recordingIo({ columns });
  printTable(io, head, rows);
  return out;
}

const wordsOf = (lines: readonly string[]) => lines.join(' ').split(/\s+/).filter(Boolean);

test.each([40, 60, 80, 120, 200])('at %d columns no line is wider, and no word is broken', (columns) => {
  const lines = linesAt(columns);
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
  const words = new Set(wordsOf(lines));
  expect(wordsOf(ROWS.flat()).filter((word) => !words.has(word))).toEqual([]);
});

test('breaks the widest column below itself where that is enough, and makes blocks where it is not', () => {
  expect(linesAt(90).slice(0, 3)).toEqual([
    'region          instance             name             IMDSv1 usage',
    'ap-southeast-1  i-0a1b2c3d4e5f60718  checkout-worker  in use: 2,939 calls without a token',
    '                                                      in its Auto Scaling group (instances',
  ]);
  expect(linesAt(60).slice(0, 4)).toEqual([
    '  region       ap-southeast-1',
    '  instance     i-0a1b2c3d4e5f60718',
    '  name         checkout-worker',
    '  IMDSv1 usage in use: 2,939 calls without a token in its',
  ]);
});

test('any words: no line is wider than the terminal or its longest word with its label, and none is lost', () => {
  const word = fc.stringMatching(/^[a-z0-9-]{1,30}$/);
  const cell = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 60, max: 120 }),
      (rows, columns) => {
        const lines = linesAt(columns, ['one', 'two', 'three'], rows);
        expect(lines.filter((line) => line.length > columns)).toEqual([]);
        const printed = new Set(wordsOf(lines));
        for (const each of wordsOf(rows.flat())) expect(printed).toContain(each);
      },
    ),
  );
});
