/**
 * Writes the table of settings in `docs/settings.md` from `lib/settings.ts`.
 *
 *     npm run docs:settings
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withSettings } from './docs/settings-table.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/settings.md');

const source = await readFile(join(ROOT, 'lib/settings.ts'), 'utf8');
await writeFile(PAGE, withSettings(await readFile(PAGE, 'utf8'), source));
