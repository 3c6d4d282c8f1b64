import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OPTIONS_ONLY } from './not-run.ts';

const PRELUDE = join(import.meta.dirname, 'prelude.sh');
/** Much longer than a page takes, because CI machines are slow at times. */
const TIMEOUT_SECONDS = 300;

/** What became of a command: all that it printed, and the calls in it that failed. */
export interface Result {
  readonly output: string;
  readonly failures: readonly string[];
}

export interface ShellOptions {
  /** The working directory. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The program that is run as `aws`. */
  readonly aws: string;
  /** The bundle that is run as `imdsv2`. */
  readonly cli: string;
}

/** Runs commands in one shell, because variables and functions last to the end of a page. */
export async function runInShell(
  texts: readonly string[],
  { folder, env, aws, cli }: ShellOptions,
): Promise<readonly Result[]> {
  const results = join(folder, '.results');
  await mkdir(results, { recursive: true });
  await Promise.all(texts.map((_, index) => writeFile(join(results, `${index}.failures`), '')));
  const script = join(results, 'script.sh');
  await writeFile(script, [`source '${PRELUDE}'`, ...texts.map(runLine)].join('\n'));
  const child = spawn('bash', [script], {
    cwd: folder,
    env: {
      ...env,
      DOCS_RESULTS: results,
      DOCS_AWS: aws,
      DOCS_CLI: cli,
      DOCS_NODE: process.execPath,
      DOCS_OPTIONS_ONLY: OPTIONS_ONLY.join(),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: TIMEOUT_SECONDS * 1000,
    killSignal: 'SIGKILL',
  });
  await new Promise((done, failed) => child.once('error', failed).once('close', done));
  return Promise.all(
    texts.map(async (_, index) => {
      const output = await readFile(join(results, `${index}.output`), 'utf8').catch(() => undefined);
      if (output === undefined) return { output: '', failures: [`not reached within ${TIMEOUT_SECONDS} s`] };
      const failures = await readFile(join(results, `${index}.failures`), 'utf8');
      return { output, failures: failures.split('\n').filter((line) => line !== '') };
    }),
  );
}

/** `grep` may find nothing. */
function runLine(text: string, index: number): string {
  const exitCodes = /\| *grep /.test(text) ? '0 1' : '0';
  return `run ${index} '${exitCodes}' <<'END_OF_COMMAND'\n${text}\nEND_OF_COMMAND`;
}
