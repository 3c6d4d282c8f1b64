import type { Params } from '../wire/params.ts';

/** One API call and its outcome. */
export interface CallRecord {
  /** Simulated milliseconds since 1970. */
  readonly at: number;
  readonly service: string;
  readonly action: string;
  readonly region: string;
  readonly params: Params;
  readonly accessKeyId: string;
  /** ARN of the caller. */
  readonly caller: string;
  /** Request id of the function invocation that made the call. */
  readonly invocation?: string;
  readonly requestId: string;
  /** `ok`, the error code, or `reset` if the connection was reset. */
  readonly outcome: string;
}

/** Every call that reached the local AWS, oldest first. */
export class CallLog {
  readonly #calls: CallRecord[] = [];

  public add(call: CallRecord): void {
    this.#calls.push(call);
  }

  public all(): readonly CallRecord[] {
    return this.#calls;
  }

  /** The calls of one action whose fields have the given values. */
  public of(action: string, fields: Partial<CallRecord> = {}): readonly CallRecord[] {
    const wanted = Object.entries({ ...fields, action }) as [keyof CallRecord, unknown][];
    return this.#calls.filter((call) => wanted.every(([name, value]) => call[name] === value));
  }

  public clear(): void {
    this.#calls.length = 0;
  }
}
