import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A package of the Python registry. */
export interface Package {
  /** What is installed, with its version. A change here replaces the virtual environment at the next run. */
  readonly requirement: string;
  /** The module that it brings. */
  readonly module: string;
}

/** Thrown, with the reason, where a package cannot be had on this machine. */
export class UnavailableError extends Error {
  public override readonly name = 'UnavailableError';
}

/**
 * The Python of a virtual environment that has a package: the one in this folder if it is the right one, else made anew.
 *
 * @throws UnavailableError without python3, venv or a package registry.
 */
export async function pythonWith(
  { requirement, module }: Package,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const venv = join(folder, 'venv');
  const python = join(venv, 'bin', 'python');
  // Written last, so that an installation that was cut short is not taken for a whole one.
  const installed = join(venv, 'installed.txt');
  if ((await readFile(installed, 'utf8').catch(() => '')) === requirement && (await works(python, module, signal)))
    return python;

  await rm(venv, { recursive: true, force: true });
  await attempt('venv', 'python3', ['-m', 'venv', venv], { seconds: 120, signal });
  console.log(`installing ${requirement} …`);
  // Wheels only: nothing that was downloaded runs here before it is asked to.
  const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--retries', '1'];
  const arguments_ = [...install, '--only-binary', ':all:', requirement];
  await attempt('pip install', python, arguments_, { seconds: 300, signal });
  await writeFile(installed, requirement);
  return python;
}

/** A Python that was updated or removed leaves a virtual environment behind that does not start. */
async function works(python: string, module: string, signal: AbortSignal): Promise<boolean> {
  try {
    await attempt('python', python, ['-I', '-c', `import ${module}`], { seconds: 30, signal });
    return true;
  } catch (error) {
    if (error instanceof UnavailableError) return false;
    throw error;
  }
}

async function attempt(
  name: string,
  command: string,
  args: readonly string[],
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await promisify(execFile)(command, args, { timeout: seconds * 1000, killSignal: 'SIGKILL', signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new UnavailableError(`${name}: ${reasonOf(error, command, seconds)}`);
  }
}

function reasonOf(error: unknown, command: string, seconds: number): string {
  const { code, killed, stdout, stderr } = error as NodeJS.ErrnoException &
    Record<'stdout' | 'stderr', string> & {
      killed?: boolean;
    };
  if (String(code) === 'ENOENT') return `there is no ${command} on the PATH`;
  if (killed === true) return `not done after ${seconds} s`;
  const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return said.find((line) => line.startsWith('ERROR:')) ?? said.at(-1) ?? `exit code ${code}`;
}
