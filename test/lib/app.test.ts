import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

test('prints all problems of the settings without a stack trace and exits with 1', () => {
  const context = { mode: 'enfroce', existing: 'maybe', alertEmail: 'nope' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'bin/app.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, CDK_OUTDIR: join(tmpdir(), 'app'), CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: [
      'invalid configuration:',
      '  - mode is "enfroce"; accepted: enforce | audit',
      '  - existing is "maybe"; accepted: audit | enforce-when-unused | enforce',
      '  - alertEmail is "nope"; accepted: e-mail addresses, separated by commas',
      '',
    ].join('\n'),
  });
});
