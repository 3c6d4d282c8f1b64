// The worker thread of an execution environment: loads the bundle and calls its handler, one event at a time.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionError, InvokeMessage, WorkerMessage, WorkerSettings } from './function.ts';
import { sendHeartbeats } from '../simulation/shared-time.ts';
import { scaleTime } from './scaled-time.ts';

type Handler = (event: unknown, context: unknown) => unknown;

// Node.js has read it; a function in Lambda does not have it.
delete process.env.NODE_COMPILE_CACHE;

const settings = workerData as WorkerSettings;
const port = parentPort;
if (port === null) throw new Error('this file runs in a worker thread only');
const post = (message: WorkerMessage) => port.postMessage(message);

if (settings.time.shared !== undefined) sendHeartbeats(settings.heartbeat);
scaleTime(settings.time);
captureOutput();
const handler = await load();
port.on('message', (message: InvokeMessage) => void invoke(message));
post({ kind: 'ready' });

/** Sends output through the port, so that its order relative to the results is preserved. */
function captureOutput(): void {
  let rest = '';
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    const lines = (rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) post({ kind: 'line', text });
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') (callback as () => void)();
    return true;
  };
  process.stdout.write = write;
  process.stderr.write = write;
}

async function load(): Promise<Handler> {
  const name = settings.handler.split('.').at(-1) ?? '';
  const module = (await import(pathToFileURL(settings.bundle).href)) as Record<string, unknown>;
  const exported = module[name];
  if (typeof exported === 'function') return exported as Handler;
  throw new Error(`Runtime.HandlerNotFound: ${settings.handler} is undefined or not exported`);
}

async function invoke({ payload, requestId, deadline }: InvokeMessage): Promise<void> {
  const context = {
    ...settings.context,
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const result = await handler(JSON.parse(payload), context);
    post({ kind: 'done', payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    post({ kind: 'failed', error: toFunctionError(error) });
  }
}

function toFunctionError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
}
