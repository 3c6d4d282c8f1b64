import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOSSES } from '../../lambda/core/losses.ts';
import { withHealthTable } from '../../tools/docs/health-table.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/health.md'), 'utf8');

test('docs/health.md has the losses that the health checks find (npm run docs:health)', () => {
  expect(page).toBe(withHealthTable(page));
  for (const id of Object.keys(LOSSES)) expect(page).toContain(`| \`${id}\` `);
});
