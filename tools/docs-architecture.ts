/**
 * Draws `docs/architecture.svg` from `docs/architecture.dot`.
 *
 *     npm run docs:architecture
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architectureSvg } from './docs/architecture-svg.ts';

const PICTURE = join(import.meta.dirname, '../docs/architecture');

await writeFile(`${PICTURE}.svg`, await architectureSvg(await readFile(`${PICTURE}.dot`, 'utf8')));
