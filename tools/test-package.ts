/**
 * Packs the package, installs it in an empty folder and runs its command line.
 *
 *     npm run test:package
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startSandbox } from '../sandbox/index.ts';

const ROOT = resolve(import.meta.dirname, '..');
const run = promisify(execFile);

// Without the tools of this project, which npm puts first in the PATH.
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

const stopping = new AbortController();
const { signal } = stopping;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    process.exitCode = 128 + constants.signals[name];
    stopping.abort(new Error(name));
  });
}

const sandbox = await startSandbox({ regions: ['us-east-1', 'eu-west-1'], fleet: 200 });
// Outside the checkout, so that the packages of this project cannot be imported.
const folder = await mkdtemp(join(tmpdir(), 'imdsv2-package-'));
try {
  await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT, signal });
  const [tarball = ''] = await readdir(folder);
  const env = { PATH, HOME: folder, ...sandbox.environment() };
  const inFolder = { cwd: folder, env, signal };
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, tarball)], inFolder);
  const installed = (await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'));
  check('installed packages', installed.join(' '), installed.join() === 'imdsv2-enforcer');
  const { stdout: version } = await run('node', ['--version'], inFolder);
  const { stdout: help, stderr: warnings } = await run('npx', ['imdsv2', '--help'], inFolder);
  check(`npx imdsv2 --help, Node.js ${version.trim()}`, help.split('\n')[0] ?? '', /Usage: imdsv2/.test(help));
  check('warnings', warnings.trim() || 'none', warnings.trim() === '');
  const audit = await run('npx', ['imdsv2', 'audit', '--regions', 'all', '--json'], inFolder).catch(
    (error: unknown) => error as { readonly code: number; readonly stdout: string; readonly stderr: string },
  );
  signal.throwIfAborted();
  const code = 'code' in audit ? audit.code : 0;
  check('npx imdsv2 audit --regions all, exit code', `${code} ${audit.stderr.trim()}`, code === 2);
  const ids = new Set(audit.stdout.match(/i-[0-9a-f]{17}/g));
  check('instances in its report', String(ids.size), ids.size > 100);
} catch (error) {
  if (!signal.aborted) throw error;
} finally {
  await sandbox.stop();
  await rm(folder, { recursive: true, force: true });
}

function check(what: string, actual: string, passed: boolean): void {
  console.log(`${passed ? 'ok  ' : 'FAIL'}  ${what}: ${actual}`);
  if (!passed) process.exitCode = 1;
}
