import { devNull, tmpdir } from 'node:os';
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

/** Node runs the worker from its source: it strips types itself, so this works under any runner of the main thread. */
const WORKER = join(import.meta.dirname, 'worker.ts');

/** Stripping the types takes each thread longer than all the rest of its start, so Node keeps the result. */
const COMPILE_CACHE = join(tmpdir(), 'imdsv2-sandbox-compile-cache');

/** What an execution environment needs to know of its surroundings. */
export interface Surroundings {
  readonly clock: Clock;
  readonly endpoint: string;
  readonly onLine: (text: string, requestId: string | undefined) => void;
}

/** One execution environment of a function: a worker thread that is kept warm until it dies. */
export class ExecutionEnvironment {
  /** Its own credentials, so that its calls can be told from those of others. */
  public readonly accessKeyId: string;
  /** Why it cannot be used any more. */
  public death: FunctionError | undefined;
  public coldStart = true;
  public current: Invocation | undefined;
  readonly #settings: FunctionSettings;
  readonly #surroundings: Surroundings;
  readonly #worker: Worker;
  readonly #ready: Promise<void>;
  readonly #unwatch: () => void;
  #settle: ((result: InvocationResult) => void) | undefined;
  #onReady: () => void = () => undefined;

  public constructor(settings: FunctionSettings, accessKeyId: string, surroundings: Surroundings) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.accessKeyId = accessKeyId;
    this.#ready = new Promise((resolve) => (this.#onReady = resolve));
    const beat = new SharedArrayBuffer(4);
    this.#unwatch = surroundings.clock.watch(beat);
    this.#worker = new Worker(WORKER, {
      env: environmentOf(settings, accessKeyId, surroundings.endpoint),
      execArgv: [],
      stdout: true,
      stderr: true,
      workerData: {
        bundle: settings.bundle,
        handler: settings.handler,
        time: surroundings.clock.setting,
        beat,
        context: contextOf(settings),
      } satisfies WorkerSettings,
    });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error: Error) => this.#die({ errorType: error.name, errorMessage: error.message }));
    this.#worker.on('exit', (code) => this.#die(exitError(this.current, code)));
  }

  /** Resolves when the function is loaded, or could not be. */
  public async warm(): Promise<void> {
    await this.#ready;
    this.coldStart = false;
  }

  /** Runs one invocation; the time limit begins when the function is loaded. */
  public async run(invocation: Invocation): Promise<InvocationResult> {
    const { clock } = this.#surroundings;
    if (this.death !== undefined) return { ok: false, error: this.death };
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

  /** Ends the thread; an invocation under way fails with the error. */
  public kill(error: FunctionError): void {
    this.#die(error);
    void this.#worker.terminate();
  }

  /** Ends the thread and waits for its end. */
  public async stop(): Promise<void> {
    this.#die(exitError(this.current, 1));
    await this.#worker.terminate();
  }

  #receive(message: WorkerMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#onReady();
        return;
      case 'line':
        this.#surroundings.onLine(message.text, this.current?.requestId);
        return;
      case 'done':
        this.#settle?.({ ok: true, payload: JSON.parse(message.payload) });
        return;
      case 'failed':
        this.#settle?.({ ok: false, error: message.error });
        return;
    }
  }

  #die(error: FunctionError): void {
    if (this.death !== undefined) return;
    this.death = error;
    this.#unwatch();
    this.#onReady();
    if (this.current !== undefined) this.#surroundings.onLine(error.errorMessage, this.current.requestId);
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

const contextOf = ({ name, arn, memoryMb, logGroup }: FunctionSettings) => ({
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
    // Nothing of the developer's own machine gets in.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    TZ: ':UTC',
    // Taken away again before the function is loaded.
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
}
