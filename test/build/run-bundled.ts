import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';

/** What a module prints once it is bundled by esbuild with plugins. */
export async function runBundled(contents: string, plugins: Plugin[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'run-bundled-'));
  try {
    const outfile = join(folder, 'index.mjs');
    await build({
      stdin: { contents, resolveDir: import.meta.dirname },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      mainFields: ['module', 'main'],
      logLevel: 'silent',
      plugins,
    });
    return (await promisify(execFile)(process.execPath, [outfile])).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
