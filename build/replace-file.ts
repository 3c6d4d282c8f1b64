import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

/**
 * Replaces a file atomically, so that a parallel test or sandbox never reads a part of it.
 *
 * The temporary file is outside the directory, because everything in the directory is deployed.
 */
export async function replaceFile(file: string, contents: Uint8Array | string, mode = 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${dirname(file)}.${basename(file)}.${process.pid}.tmp`;
  await writeFile(temporary, contents, { mode });
  await rename(temporary, file);
}
