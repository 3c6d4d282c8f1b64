import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonWith, UnavailableError } from '../python-venv.ts';
import type { Command } from './commands.ts';

const AWS_CLI = { requirement: 'awscli==1.45.11', module: 'awscli' };

/**
 * Finds the AWS CLI of the machine, or installs one in a folder.
 *
 * @returns `undefined` if neither is possible, with a message that says why.
 */
export async function findAws(folder: string): Promise<string | undefined> {
  if (await isInstalled('aws')) return 'aws';
  try {
    await mkdir(folder, { recursive: true });
    const python = await pythonWith(AWS_CLI, folder, new AbortController().signal);
    return join(python, '../aws');
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    console.log(`no AWS CLI: ${error.message}`);
    return undefined;
  }
}

/** Whether a program runs on this machine. */
export async function isInstalled(program: string): Promise<boolean> {
  return promisify(execFile)(program, ['--version']).then(
    () => true,
    () => false,
  );
}

/**
 * The commands of a page that cannot run without some programs.
 *
 * They call one of the programs, or use a variable or a function that such a command defines.
 */
export function needing(programs: readonly string[], commands: readonly Command[]): ReadonlySet<Command> {
  const missing = new Set(programs);
  const found = new Set<Command>();
  for (const command of commands) {
    const uses = [...missing].some((name) => new RegExp(`(^|[\\s$({|"])${name}(?![-\\w=])`, 'm').test(command.text));
    if (!uses) continue;
    found.add(command);
    for (const [, name = ''] of command.text.matchAll(/^ *(\w+)(?:=|\(\))/gm)) missing.add(name);
  }
  return found;
}
