/**
 * Writes the list of losses in `docs/health.md` from `lambda/core/health.ts`.
 *
 *     npm run docs:health
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withHealthTable } from './docs/health-table.ts';

const PAGE = join(import.meta.dirname, '../docs/health.md');

await writeFile(PAGE, withHealthTable(await readFile(PAGE, 'utf8')));
