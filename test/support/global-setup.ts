import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The temporary folders of test runs, inside the checkout. */
export const TEMPORARY_FOLDERS = join(import.meta.dirname, '../../.cache/tmp');

/** Gives the run its own temporary folder, so that nothing is left outside the checkout, even by a killed run. */
export default function setup(): void {
  const folder = join(TEMPORARY_FOLDERS, `jest-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.env.TMPDIR = folder;
}
