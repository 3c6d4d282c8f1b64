import type { Statement } from '../iam/policy.ts';
import type { TimeSetting } from '../simulation/time.ts';

/** A function as the template describes it. */
export interface FunctionSettings {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** File and export, such as `index.handler`. */
  readonly handler: string;
  /** The built module to run. */
  readonly bundle: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Its session under the execution role: who its calls are made by. */
  readonly roleArn: string;
  /** What the execution role may do in EC2. @default everything */
  readonly policies?: readonly Statement[];
  readonly logGroup: string;
  /** What the API tells, and nothing here depends on. */
  readonly about?: {
    readonly description?: string;
    readonly runtime?: string;
    readonly architecture?: string;
    readonly executionRoleArn?: string;
    readonly logFormat?: string;
    readonly lastModified: Date;
  };
}

/** An error as Lambda reports it. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** How an invocation ended. */
export type InvocationResult =
  { readonly ok: true; readonly payload: unknown } | { readonly ok: false; readonly error: FunctionError };

/** What is invoked, and which try it is. */
export interface Invocation {
  readonly payload: unknown;
  readonly requestId: string;
  /** What the payload is about; the same at each retry. Faults are drawn by it. */
  readonly key: string;
  readonly attempt: number;
}

/** One invocation that was made. Times are simulated milliseconds since 1970. */
export interface InvocationRecord extends Invocation {
  readonly functionName: string;
  readonly coldStart: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  /** API calls that it made. */
  readonly calls: number;
  readonly result: InvocationResult;
}

/** A line that a function wrote. */
export interface LogLine {
  readonly at: number;
  readonly functionName: string;
  readonly requestId: string | undefined;
  readonly text: string;
}

/** What the main thread tells a worker. */
export interface InvokeMessage {
  readonly payload: string;
  readonly requestId: string;
  /** Simulated milliseconds since 1970 at which the time is up. */
  readonly deadline: number;
}

/** What a worker is started with. */
export interface WorkerSettings {
  readonly bundle: string;
  readonly handler: string;
  readonly time: TimeSetting;
  /** Where the thread shows that it keeps up. */
  readonly beat: SharedArrayBuffer;
  readonly context: Readonly<Record<string, unknown>>;
}

/** What a worker tells the main thread. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'done'; readonly payload: string }
  | { readonly kind: 'failed'; readonly error: FunctionError };
