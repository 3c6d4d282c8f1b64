import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROWS } from '../../lambda/core/decide.ts';
import { withDecisionTable } from '../../tools/docs/decision-table.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/decision.md'), 'utf8');

test('docs/decision.md has the rows of lambda/core/decide.ts, which explain prints (npm run docs:decision)', () => {
  expect(page).toBe(withDecisionTable(page));
  for (const { number, rule } of ROWS) expect(page).toContain(`| ${String(number).padEnd(3)} | ${rule} `);
});
