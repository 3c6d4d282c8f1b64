import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A Python package. */
export interface Package {
  /** The requirement with its version. A change replaces the virtual environment at the next run. */
  readonly requirement: string;
  /** A module of the package. */
  readonly module: string;
}

/** Thrown if a package cannot be installed on this machine. */
export class UnavailableError extends Error {
  public override readonly name = 'UnavailableError';
}

/**
 * Returns the Python of a virtual environment with a package.
 *
 * The environment is created if it does not exist or has another version.
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
  // Written last, so that an incomplete installation is not used.
  const installed = join(venv, 'installed.txt');
  if ((await readFile(installed, 'utf8').catch(() => '')) === requirement && (await works(python, module, signal)))
    return python;

  await rm(venv, { recursive: true, force: true });
  await attempt('venv', 'python3', ['-m', 'venv', venv], { seconds: 120, signal });
  console.log(`installing ${requirement} …`);
  const install = ['-m', 'pip', 'install', '-q', '--no-input', '--disable-pip-version-check', '--retries', '1'];
  // Wheels only, so that the installation runs no downloaded code; no cache, so that nothing is left outside the folder.
  const arguments_ = [...install, '--only-binary', ':all:', '--no-cache-dir', requirement];
  await attempt('pip install', python, arguments_, { seconds: 300, signal });
  await writeFile(installed, requirement);
  return python;
}

/**
 * Whether the virtual environment works.
 *
 * It does not if the Python that it was created with was updated or removed.
 */
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
  if (String(code) === 'ENOENT') return `${command} is not on the PATH`;
  if (killed === true) return `timed out after ${seconds} s`;
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => line.startsWith('ERROR:')) ?? lines.at(-1) ?? `exit code ${code}`;
}
