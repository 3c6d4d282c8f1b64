import type { Statement } from '../iam/policy.ts';
import type { FaultyInvocation } from '../simulation/faults.ts';
import type { TimeSetting } from '../simulation/time.ts';

/** A function as described by the template. */
export interface FunctionSettings {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** File and export, such as `index.handler`. */
  readonly handler: string;
  /** Path of the built module. */
  readonly bundle: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** `UpdateFunctionConfiguration` changes it. */
  environment: Readonly<Record<string, string>>;
  /** ARN of its session under the execution role, the caller of its API calls. */
  roleArn: string;
  /** Policies of the execution role, of which EC2 evaluates its own. @default every action is allowed */
  readonly policies?: (roleArn: string) => readonly Statement[] | undefined;
  readonly logGroup: string;
  /** Fields that GetFunction returns and that have no effect. */
  readonly about?: {
    readonly description?: string;
    readonly runtime?: string;
    readonly architecture?: string;
    executionRoleArn?: string;
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

/** The result of an invocation. */
export type InvocationResult =
  { readonly ok: true; readonly payload: unknown } | { readonly ok: false; readonly error: FunctionError };

/** The payload of an invocation, and the number of the attempt. */
export interface Invocation {
  readonly payload: unknown;
  readonly requestId: string;
  /** The subject of the payload: the same for every retry. Faults are drawn by it. */
  readonly key: string;
  /** A key for each message of the batch. */
  readonly messages: FaultyInvocation['messages'];
  readonly attempt: number;
}

/** A completed invocation. Times are simulated milliseconds since 1970. */
export interface InvocationRecord extends Invocation {
  readonly functionName: string;
  readonly coldStart: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  /** The number of API calls that it made. */
  readonly calls: number;
  readonly result: InvocationResult;
}

/** A line in the log of a function. */
export interface LogLine {
  readonly at: number;
  readonly functionName: string;
  readonly requestId: string | undefined;
  readonly text: string;
}

/** A message from the main thread to a worker. */
export interface InvokeMessage {
  readonly payload: string;
  readonly requestId: string;
  /** When the invocation times out; simulated milliseconds since 1970. */
  readonly deadline: number;
}

/** The `workerData` of a worker. */
export interface WorkerSettings {
  readonly bundle: string;
  readonly handler: string;
  readonly time: TimeSetting;
  /** Memory in which the thread sends its heartbeats. */
  readonly heartbeat: SharedArrayBuffer;
  readonly context: Readonly<Record<string, unknown>>;
}

/** A message from a worker to the main thread. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'done'; readonly payload: string }
  | { readonly kind: 'failed'; readonly error: FunctionError };
