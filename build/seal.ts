import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './replace-file.ts';

/** The project's folder. */
export const ROOT = join(import.meta.dirname, '..');

/** What the bundles were made of, and a digest of all that then. */
interface Seal {
  readonly files: readonly string[];
  readonly digest: string;
}

const sealOf = (root: string): string => join(root, 'dist', 'maps', 'seal.json');

/**
 * Notes in `dist` what the bundles were made of.
 *
 * @param made the bundles and their sources, relative to `root`.
 */
export async function seal(made: readonly string[], root: string = ROOT): Promise<void> {
  // What packages hold follows from the lock file, and what plugins make up (`name:…`) from their own sources.
  const own = made.filter((file) => !file.startsWith('node_modules/') && !file.includes(':'));
  const builders = (await readdir(join(root, 'build'))).map((name) => `build/${name}`);
  const files = [...new Set([...own, ...builders, 'package-lock.json', 'tsconfig.json'])].sort();
  const digest = await digestOf(files, root);
  await replaceFile(sealOf(root), JSON.stringify({ files, digest } satisfies Seal));
}

/**
 * Whether the bundles in `dist` are what a build would make of the sources as they are now. For tests and the sandbox, which
 * would else spend seconds on it each time; what is deployed is always built.
 */
export async function isSealed(root: string = ROOT): Promise<boolean> {
  try {
    const { files, digest } = JSON.parse(await readFile(sealOf(root), 'utf8')) as Seal;
    return digest === (await digestOf(files, root));
  } catch {
    return false; // never built, or one of the files is gone
  }
}

async function digestOf(files: readonly string[], root: string): Promise<string> {
  const contents = await Promise.all(files.map(async (file) => readFile(join(root, file))));
  const hash = createHash('sha256');
  for (const [index, content] of contents.entries()) hash.update(`${files[index]} ${content.length}\n`).update(content);
  return hash.digest('hex');
}
