import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CASES } from '../../sandbox/tour/cases.ts';
import { alertSvg } from '../../tools/docs/pictures/alert.ts';
import { terminalLine } from '../../tools/docs/pictures/text-svg.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const README = read('README.md');
const PICTURES = [...README.matchAll(/(?:\]\(|src(?:set)?=")(docs\/[\w-]+\.(?:svg|png))/g)].map(
  ([, path = '']) => path,
);

it('README.md shows an alert, the page and the tour', () => {
  expect(PICTURES.toSorted()).toEqual([
    'docs/alert.svg',
    'docs/architecture.svg',
    'docs/audit-dark.png',
    'docs/audit-light.png',
    'docs/tour.svg',
  ]);
});

it.each(PICTURES)('%s exists, has a text for those who do not see it, and loads quickly', (path) => {
  expect(statSync(join(ROOT, path)).size).toBeLessThan(200_000);
  const [, alternative = ''] = new RegExp(`!\\[([^\\]]*)\\]\\(${path}`).exec(README) ?? [];
  if (path.endsWith('.svg')) expect(alternative.length).toBeGreaterThan(40);
  else expect(README).toMatch(/<img src="docs\/audit-light\.png" alt="[^"]{40,}">/);
});

it.each(PICTURES.filter((path) => path.endsWith('.svg')))('%s follows the theme of the reader', (path) => {
  expect(read(path)).toContain('@media (prefers-color-scheme: dark)');
});

it('docs/alert.svg is the alert of today (npm run docs:pictures)', () => {
  expect(read('docs/alert.svg')).toBe(alertSvg());
});

it('docs/tour.svg has the cases of today, which passed (npm run docs:pictures)', () => {
  const text = read('docs/tour.svg')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&quot;', '"');
  const shown = [...text.matchAll(/^ok +(\d+) {2}(.*)$/gm)];
  expect(shown).toHaveLength(5);
  for (const [, number, title] of shown) expect(title).toBe(CASES[Number(number) - 1]?.title);
  expect(text).toMatch(/All checks passed: \d+ checks in \d+ cases\./);
});

it('a line of a terminal keeps its styles', () => {
  expect(terminalLine('\u001B[32mok\u001B[39m  1 \u001B[1mbold\u001B[22m')).toEqual([
    ['ok', 'good'],
    ['  1 ', undefined],
    ['bold', 'bold'],
  ]);
});
