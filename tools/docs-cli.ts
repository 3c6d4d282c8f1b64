/**
 * Writes the command reference in `docs/cli.md` from the definitions of the commands.
 *
 *     npm run docs:cli
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commands } from '../cli/commands.ts';
import { withReference } from './docs/cli-reference.ts';

const PAGE = join(import.meta.dirname, '../docs/cli.md');

await writeFile(PAGE, withReference(await readFile(PAGE, 'utf8'), commands));
