import { devNull } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../simulation/clock.ts';
import type {
  FunctionError,
  FunctionSettings,
  Invocation,
  InvocationResult,
  WorkerMessage,
  WorkerSettings,
} from './function.ts';
import { LOG_STREAM } from './logs.ts';

/** Node.js strips the types of the worker itself, so that this works under tsx and Jest alike. */
const WORKER = join(import.meta.dirname, 'worker.ts');

/** Stripping types takes longer than the rest of a thread's start, so Node.js caches the result. */
const COMPILE_CACHE = join(import.meta.dirname, '../../../.cache/sandbox-worker');

/** What an execution environment depends on. */
export interface EnvironmentContext {
  readonly clock: Clock;
  readonly endpoint: string;
  readonly onLine: (text: string, requestId: string | undefined) => void;
}

/** One execution environment of a function: a worker thread that is reused until it ends. */
export class ExecutionEnvironment {
  /** Credentials of this environment only, so that its calls can be identified. */
  public readonly accessKeyId: string;
  /** Why the thread ended; `undefined` while it can be used. */
  public endedBy: FunctionError | undefined;
  public coldStart = true;
  public current: Invocation | undefined;
  readonly #settings: FunctionSettings;
  readonly #context: EnvironmentContext;
  readonly #worker: Worker;
  readonly #ready: Promise<void>;
  readonly #stopHeartbeats: () => void;
  #settle: ((result: InvocationResult) => void) | undefined;
  #onReady: () => void = () => undefined;

  public constructor(settings: FunctionSettings, accessKeyId: string, context: EnvironmentContext) {
    this.#settings = settings;
    this.#context = context;
    this.accessKeyId = accessKeyId;
    this.#ready = new Promise((resolve) => (this.#onReady = resolve));
    const heartbeat = new SharedArrayBuffer(4);
    this.#stopHeartbeats = context.clock.expectHeartbeats(heartbeat);
    this.#worker = new Worker(WORKER, {
      env: environmentOf(settings, accessKeyId, context.endpoint),
      execArgv: [],
      stdout: true,
      stderr: true,
      workerData: {
        bundle: settings.bundle,
        handler: settings.handler,
        time: context.clock.setting,
        heartbeat,
        context: invocationContext(settings),
      } satisfies WorkerSettings,
    });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error: Error) => this.#end({ errorType: error.name, errorMessage: error.message }));
    this.#worker.on('exit', (code) => this.#end(exitError(this.current, code)));
  }

  /** Resolves when the function is loaded or failed to load. */
  public async warm(): Promise<void> {
    await this.#ready;
    this.coldStart = false;
  }

  /** Runs one invocation. The timeout counts from when the function is loaded. */
  public async run(invocation: Invocation): Promise<InvocationResult> {
    const { clock } = this.#context;
    if (this.endedBy !== undefined) return { ok: false, error: this.endedBy };
    this.current = invocation;
    const ended = new Promise<InvocationResult>((resolve) => (this.#settle = resolve));
    await this.#ready;
    const { timeoutSeconds } = this.#settings;
    const stopTimer = clock.after(timeoutSeconds * 1000, () => this.kill(timeoutError(invocation, timeoutSeconds)));
    const { payload, requestId } = invocation;
    const deadline = clock.now() + timeoutSeconds * 1000;
    this.#worker.postMessage({ payload: JSON.stringify(payload), requestId, deadline });
    const result = await ended;
    stopTimer();
    this.coldStart = false;
    this.current = undefined;
    return result;
  }

  /** Ends the thread. A running invocation fails with the error. */
  public kill(error: FunctionError): void {
    this.#end(error);
    void this.#worker.terminate();
  }

  /** Ends the thread and waits until it has ended. */
  public async stop(): Promise<void> {
    this.#end(exitError(this.current, 1));
    await this.#worker.terminate();
  }

  #receive(message: WorkerMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#onReady();
        return;
      case 'line':
        this.#context.onLine(message.text, this.current?.requestId);
        return;
      case 'done':
        this.#settle?.({ ok: true, payload: JSON.parse(message.payload) });
        return;
      case 'failed':
        this.#settle?.({ ok: false, error: message.error });
        return;
    }
  }

  #end(error: FunctionError): void {
    if (this.endedBy !== undefined) return;
    this.endedBy = error;
    this.#stopHeartbeats();
    this.#onReady();
    if (this.current !== undefined) this.#context.onLine(error.errorMessage, this.current.requestId);
    this.#settle?.({ ok: false, error });
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html */
export const exitError = (invocation: Invocation | undefined, code: number): FunctionError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `RequestId: ${invocation?.requestId ?? ''} Error: Runtime exited with error: exit status ${code}`,
});

const timeoutError = ({ requestId }: Invocation, seconds: number): FunctionError => ({
  errorType: 'Sandbox.Timedout',
  errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
});

const invocationContext = ({ name, arn, memoryMb, logGroup }: FunctionSettings) => ({
  functionName: name,
  functionVersion: '$LATEST',
  invokedFunctionArn: arn,
  memoryLimitInMB: String(memoryMb),
  logGroupName: logGroup,
  logStreamName: LOG_STREAM,
});

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function environmentOf(settings: FunctionSettings, accessKeyId: string, endpoint: string): Record<string, string> {
  const { name, region, memoryMb, handler, logGroup } = settings;
  return {
    ...settings.environment,
    _HANDLER: handler,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: LOG_STREAM,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_ENDPOINT_URL: endpoint,
    // Isolates the function from the configuration of the developer's machine.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    TZ: ':UTC',
    // Removed before the function is loaded.
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
}
