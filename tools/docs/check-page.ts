import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from './commands.ts';
import { startLocalAws, valuesIn, writeInputs } from './local-aws.ts';
import { substitute } from './placeholders.ts';
import { type Result, runInShell, type ShellOptions } from './shell.ts';

/** Lines of output that are shown of a command that failed. */
const LINES = 15;

/**
 * Runs the commands of one page on a local AWS of its own.
 *
 * @returns a description of each command that failed.
 */
export async function checkPage(
  commands: readonly Command[],
  programs: Pick<ShellOptions, 'aws' | 'cli'>,
): Promise<readonly string[]> {
  const sandbox = await startLocalAws();
  const folder = await mkdtemp(join(tmpdir(), 'imdsv2-docs-'));
  try {
    const values = valuesIn(sandbox);
    await writeInputs(folder, values);
    const env = { PATH: process.env.PATH, HOME: folder, ...sandbox.environment() };
    const texts = commands.map(({ text }) => substitute(text, values));
    const results = await runInShell(texts, { folder, env, ...programs });
    return commands.flatMap((command, index) => describeFailure(command, results[index]) ?? []);
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function describeFailure({ page, line, text }: Command, result: Result | undefined): string | undefined {
  if (result?.failures.length === 0) return undefined;
  const { failures = ['not reached'], output = '' } = result ?? {};
  return [`${page}:${line}  ${text}`, ...failures, ...output.trimEnd().split('\n').slice(-LINES)].join('\n    ');
}
