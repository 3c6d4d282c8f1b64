/**
 * Packs the package, installs the tarball in an empty folder and uses the command line there, with the Node.js of the machine.
 *
 *     npm run test:package
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startSandbox } from '../sandbox/index.ts';

const ROOT = resolve(import.meta.dirname, '..');
const run = promisify(execFile);

// npm puts the project's own tools first in the path; an installed copy has none of them.
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter);

const folder = await mkdtemp(join(tmpdir(), 'imdsv2-package-'));
const sandbox = await startSandbox({ regions: ['us-east-1', 'eu-west-1'], fleet: 200 });
try {
  await run('npm', ['pack', '--pack-destination', folder], { cwd: ROOT });
  const [tarball = ''] = await readdir(folder);
  const env = { PATH, HOME: folder, ...sandbox.environment() };
  const here = { cwd: folder, env };
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, tarball)], here);
  const installed = (await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'));
  check('what is installed', installed.join(' '), installed.join() === 'imdsv2-enforcer');
  const { stdout: version } = await run('node', ['--version'], here);
  const { stdout: help, stderr: warnings } = await run('npx', ['imdsv2', '--help'], here);
  check(`npx imdsv2 --help, Node.js ${version.trim()}`, help.split('\n')[0] ?? '', /Usage: imdsv2/.test(help));
  check('warnings', warnings.trim() || 'none', warnings.trim() === '');
  const audited = await run('npx', ['imdsv2', 'audit', '--regions', 'all', '--json'], here).catch(
    (error: unknown) => error as { readonly code: number; readonly stdout: string; readonly stderr: string },
  );
  const code = 'code' in audited ? audited.code : 0;
  check('npx imdsv2 audit --regions all, exit code', `${code} ${audited.stderr.trim()}`, code === 2);
  const text = audited.stdout;
  const ids = new Set(text.match(/i-[0-9a-f]{17}/g));
  check('instances in its report', String(ids.size), ids.size > 100);
} finally {
  await sandbox.stop();
  await rm(folder, { recursive: true, force: true });
}

function check(what: string, seen: string, fine: boolean): void {
  console.log(`${fine ? 'ok  ' : 'FAIL'}  ${what}: ${seen}`);
  if (!fine) process.exitCode = 1;
}
