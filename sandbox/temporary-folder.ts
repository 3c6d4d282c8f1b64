import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../build/seal.ts';

/** Creates a temporary folder inside the checkout, ignored by Git, so that a killed process leaves nothing elsewhere. */
export function temporaryFolder(name: string): string {
  const parent = join(ROOT, '.cache', 'tmp');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${name}-`));
}
