import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../build/seal.ts';

/** Creates a temporary folder in the checkout, so that even a killed process leaves nothing outside. */
export function temporaryFolder(name: string): string {
  const parent = join(ROOT, '.cache', 'tmp');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${name}-`));
}
