/**
 * Writes the tables of denied calls in `docs/permissions.md` from runs of the command line on a local AWS.
 *
 *     npm run docs:denied-calls
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withDeniedCalls } from './docs/denied-calls-table.ts';
import { denyEachCall } from './docs/denied-calls.ts';

const PAGE = join(import.meta.dirname, '../docs/permissions.md');

const rows = await denyEachCall();
await writeFile(PAGE, withDeniedCalls(await readFile(PAGE, 'utf8'), rows));
