import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '../../lib/settings.ts';
import { rowsIn, withSettings } from '../../tools/docs/settings-table.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const source = read('lib/settings.ts');

describe('docs/settings.md', () => {
  it('has the settings of lib/settings.ts (npm run docs:settings)', () => {
    const page = read('docs/settings.md');
    expect(page).toBe(withSettings(page, source));
  });
});

describe('the doc comments of the settings', () => {
  it.each(Object.entries(SETTINGS).map(([key, setting]) => ({ key, value: setting.default })))(
    'state the default of $key',
    ({ key, value }) => {
      const literal = typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
      const isLiteral = typeof value === 'string' || typeof value === 'number';
      expect(rowsIn(source).find((row) => row.key === key)?.default).toEqual(
        isLiteral ? literal : expect.stringMatching(/^- /),
      );
    },
  );
});

it('a page without the marks is not changed', () => {
  expect(() => withSettings('# Settings\n', source)).toThrow('written by npm run docs:settings');
});
