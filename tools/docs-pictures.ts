/**
 * Makes the pictures of README.md: an alert, the tour, and the audit page, which needs Chromium (CHROMIUM=path).
 *
 *     npm run docs:pictures [-- alert|audit|tour…]
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alertSvg } from './docs/pictures/alert.ts';
import { auditPages } from './docs/pictures/audit-page.ts';
import { playTour, tourSvg } from './docs/pictures/tour.ts';

const DOCS = join(import.meta.dirname, '../docs');
const chosen = process.argv.slice(2);
const isChosen = (name: string) => chosen.length === 0 || chosen.includes(name);
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

// Standard output may be no terminal; the pictures have colors.
process.env.FORCE_COLOR = '1';
if (isChosen('alert')) await writeFile(join(DOCS, 'alert.svg'), alertSvg());
if (isChosen('audit') && existsSync(CHROMIUM)) {
  const { light, dark } = await auditPages(CHROMIUM);
  await writeFile(join(DOCS, 'audit-light.png'), light);
  await writeFile(join(DOCS, 'audit-dark.png'), dark);
} else if (isChosen('audit')) {
  console.log(`skipped: the audit page (${CHROMIUM} does not exist; set CHROMIUM)`);
}
if (isChosen('tour')) await writeFile(join(DOCS, 'tour.svg'), tourSvg(await playTour()));
