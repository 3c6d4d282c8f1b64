import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** The license texts of the packages in a bundle, which must be distributed with it. */
export async function noticesOf({ inputs }: Metafile, root: string): Promise<string> {
  const folders = new Set(
    Object.keys(inputs).flatMap((input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []),
  );
  const notices = await Promise.all([...folders].toSorted().map((folder) => noticeOf(join(root, folder))));
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

async function noticeOf(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { name, version, license } = manifest;
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${String(name)} ${String(version)} (${String(license)})\n`, ...texts].join('\n');
}
