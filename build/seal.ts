import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './replace-file.ts';

/** The root directory of the project. */
export const ROOT = join(import.meta.dirname, '..');

/** The files that the bundles depend on, and a digest of their contents at build time. */
interface Seal {
  readonly files: readonly string[];
  readonly digest: string;
}

const sealOf = (root: string): string => join(root, 'dist', 'maps', 'seal.json');

/**
 * Records in `dist` which sources the bundles were built from.
 *
 * @param bundled the bundles and their sources, relative to `root`.
 */
export async function seal(bundled: readonly string[], root: string = ROOT): Promise<void> {
  // The lock file determines the packages, and the sources of the plugins their virtual modules (`name:…`).
  const own = bundled.filter((file) => !file.startsWith('node_modules/') && !file.includes(':'));
  const builders = (await readdir(join(root, 'build'))).map((name) => `build/${name}`);
  const files = [...new Set([...own, ...builders, 'package-lock.json', 'tsconfig.json'])].sort();
  const digest = await digestOf(files, root);
  await replaceFile(sealOf(root), JSON.stringify({ files, digest } satisfies Seal));
}

/**
 * Whether the bundles in `dist` are up to date.
 *
 * Tests and the sandbox skip the build if they are, which saves seconds each time. A deployment always builds.
 */
export async function isSealed(root: string = ROOT): Promise<boolean> {
  try {
    const { files, digest } = JSON.parse(await readFile(sealOf(root), 'utf8')) as Seal;
    return digest === (await digestOf(files, root));
  } catch {
    return false; // never built, or one of the files was deleted
  }
}

async function digestOf(files: readonly string[], root: string): Promise<string> {
  const contents = await Promise.all(files.map(async (file) => readFile(join(root, file))));
  const hash = createHash('sha256');
  for (const [index, content] of contents.entries()) hash.update(`${files[index]} ${content.length}\n`).update(content);
  return hash.digest('hex');
}
