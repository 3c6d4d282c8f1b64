import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInShell } from '../../tools/docs/shell.ts';

const folder = mkdtempSync(join(tmpdir(), 'docs-shell-'));
const cli = join(folder, 'cli.mjs');
// Prints its arguments, and exits with the number that follows `--exit`.
writeFileSync(
  cli,
  `const args = process.argv.slice(2).join(' ');
   console.log(args);
   process.exitCode = Number(/--exit (\\d)/.exec(args)?.[1] ?? 0);`,
);

afterAll(() => rmSync(folder, { recursive: true }));

const run = (aws: string, ...texts: string[]) =>
  runInShell(texts, { folder, env: { PATH: process.env.PATH, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, aws, cli });

describe('runInShell', () => {
  it('keeps variables and functions for the commands that follow', async () => {
    const results = await run('echo', 'NAME=value', 'show() { echo "$NAME"; }', 'show');
    expect(results.map(({ failures }) => failures)).toEqual([[], [], []]);
    expect(results[2]?.output).toBe('value\n');
  });

  it('calls only the given endpoint', async () => {
    const [result] = await run('echo', 'aws sqs list-queues');
    expect(result?.output).toBe('--endpoint-url http://127.0.0.1:1 sqs list-queues\n');
  });

  it('only checks the options of operations that the local AWS does not have', async () => {
    const [result] = await run('echo', 'aws kms describe-key --key-id x');
    expect(result?.output).toMatch(/ kms describe-key --key-id x --generate-cli-skeleton input\n$/);
  });

  it('reports a failure of aws wherever it is', async () => {
    const results = await run(
      'false',
      'for id in 1 2; do\n  aws "$id"\ndone; true',
      'X="$(aws 3)"; true',
      'aws 4 | cat',
    );
    expect(results.map(({ failures }) => failures)).toEqual([
      ['aws 1: exit code 1', 'aws 2: exit code 1'],
      ['aws 3: exit code 1'],
      ['aws 4: exit code 1'],
    ]);
  });

  it('runs the command line for npm run imdsv2 and npx imdsv2, and answers its prompts', async () => {
    const results = await run(
      'echo',
      'npm run imdsv2 -- enforce',
      'npm run -s imdsv2 -- audit',
      'npx imdsv2 rollback i-1',
    );
    expect(results.map(({ output }) => output)).toEqual(['enforce --yes\n', 'audit\n', 'rollback i-1 --yes\n']);
  });

  it('accepts findings of audit and doctor, and a grep that finds nothing', async () => {
    const results = await run(
      'echo',
      'npx imdsv2 audit --exit 2',
      'npx imdsv2 explain --exit 2',
      'aws x | grep y',
      'npm run chaos',
      'frobnicate',
    );
    expect(results.map(({ failures }) => failures)).toEqual([
      [],
      ['imdsv2 explain --exit 2: exit code 2', 'exit code 2'],
      [],
      ['npm run chaos: only npm run imdsv2 can run here'],
      ['frobnicate: command not found', 'exit code 127'],
    ]);
  });
});
