/**
 * Writes the table in `docs/prevention.md` of what to change in each launch source, from `lambda/core/prevention/`.
 *
 *     npm run docs:launch-sources
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLaunchSources } from './docs/launch-sources-table.ts';

const PAGE = join(import.meta.dirname, '../docs/prevention.md');

await writeFile(PAGE, withLaunchSources(await readFile(PAGE, 'utf8')));
