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

/** Starts moto and waits until it listens. It logs to `moto.log` in the folder. */
export async function startMoto(python: string, folder: string, signal: AbortSignal): Promise<Moto> {
  // Isolated mode: PYTHON* variables and the user's packages have no effect.
  const child = spawn(python, ['-I', join(import.meta.dirname, 'serve.py')], { env: environment() });
  const log = child.stderr.pipe(createWriteStream(join(folder, 'moto.log')));
  child.once('error', () => undefined); // its output ends too, which is handled below
  const timeout = AbortSignal.timeout(START_SECONDS * 1000);
  try {
    const port = await firstLine(child.stdout, AbortSignal.any([signal, timeout]));
    child.stdout.resume();
    return { endpoint: `http://127.0.0.1:${port}`, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    signal.throwIfAborted();
    throw new Error(`moto did not start, see ${String(log.path)}`, { cause: error });
  }
}

/** Without AWS and proxy settings, which moto does not need. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG };
}

async function firstLine(stream: Readable, signal: AbortSignal): Promise<string> {
  for await (const line of createInterface({ input: stream, signal })) {
    if (/^\d+$/.test(line)) return line;
  }
  throw new Error('it exited or timed out before it printed its port');
}

/** Ends standard input, on which moto exits (see serve.py), and kills it if it does not. */
async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.stdin.end();
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
  await once(child, 'exit');
  clearTimeout(late);
}
