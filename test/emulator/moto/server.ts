import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const START_SECONDS = 60;
const STOP_SECONDS = 5;

/** A running moto. */
export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts moto and waits until it answers. What it logs goes to `moto.log` in the folder. */
export async function startMoto(python: string, folder: string, signal: AbortSignal): Promise<Moto> {
  // Isolated: no PYTHON* variable and no package of the user's changes what runs.
  const child = spawn(python, ['-I', join(import.meta.dirname, 'serve.py')], { env: environment() });
  const log = child.stderr.pipe(createWriteStream(join(folder, 'moto.log')));
  child.once('error', () => undefined); // its output ends too, which is what we wait for
  const patience = AbortSignal.timeout(START_SECONDS * 1000);
  try {
    const port = await firstLine(child.stdout, AbortSignal.any([signal, patience]));
    child.stdout.resume();
    return { endpoint: `http://127.0.0.1:${port}`, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    signal.throwIfAborted();
    throw new Error(`moto did not start, see ${String(log.path)}`, { cause: error });
  }
}

/** Nothing of the user's AWS or proxy settings; moto needs neither. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG };
}

async function firstLine(stream: Readable, signal: AbortSignal): Promise<string> {
  for await (const line of createInterface({ input: stream, signal })) {
    if (/^\d+$/.test(line)) return line;
  }
  throw new Error('it ended, or took too long, before it said its port');
}

/** Moto ends with its standard input (see serve.py); one that does not is killed. */
async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.stdin.end();
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
  await once(child, 'exit');
  clearTimeout(late);
}
