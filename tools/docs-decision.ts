/**
 * Writes the decision table in `docs/decision.md` from `lambda/core/decide.ts`.
 *
 *     npm run docs:decision
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDecisionTable } from './docs/decision-table.ts';

const PAGE = join(import.meta.dirname, '../docs/decision.md');

await writeFile(PAGE, withDecisionTable(await readFile(PAGE, 'utf8')));
