import type { Queues } from '../sqs/queues.ts';
import type { Activity } from '../simulation/activity.ts';
import type { Clock } from '../simulation/clock.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import type { InvocationResult } from './function.ts';
import type { FunctionHost } from './host.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
export interface AsyncSettings {
  /** Retries after the first attempt, 0 to 2. */
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  /** ARN of the on-failure destination, a queue. */
  readonly onFailure?: string;
}

export const DEFAULT_ASYNC: AsyncSettings = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 };

/** Lambda waits a minute before the first retry and two before the second. */
const RETRY_PAUSES_MS = [60_000, 120_000];

/** What asynchronous invocation depends on. */
export interface AsyncContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activity: Activity;
  readonly queues: Queues;
}

/** Lambda's internal event queue of a function: accepts every event and retries failed invocations. */
export class AsyncInvoker {
  readonly #host: FunctionHost;
  readonly #settings: AsyncSettings;
  readonly #context: AsyncContext;

  public constructor(host: FunctionHost, settings: AsyncSettings, context: AsyncContext) {
    this.#host = host;
    this.#settings = settings;
    this.#context = context;
  }

  /** Accepts an event, as `Invoke` with `InvocationType=Event` does. */
  public accept(payload: unknown): void {
    const requestId = this.#context.ids.uuid('invocation');
    this.#context.activity.run(`event for ${this.#host.settings.name}`, () => this.#run(payload, requestId));
  }

  async #run(payload: unknown, requestId: string): Promise<void> {
    const { clock } = this.#context;
    const { maximumRetryAttempts, maximumEventAgeSeconds } = this.#settings;
    const acceptedAt = clock.now();
    const key = eventKeyOf(payload);
    for (let attempt = 1; ; attempt++) {
      const result = await this.#host.invoke({ payload, requestId, key, attempt });
      if (result.ok) return;
      const pause = RETRY_PAUSES_MS[attempt - 1];
      if (attempt > maximumRetryAttempts || pause === undefined) {
        this.#giveUp(payload, requestId, attempt, 'RetriesExhausted', result);
        return;
      }
      await clock.sleep(pause);
      if (clock.now() - acceptedAt > maximumEventAgeSeconds * 1000) {
        this.#giveUp(payload, requestId, attempt, 'EventAgeExceeded', result);
        return;
      }
    }
  }

  #giveUp(
    requestPayload: unknown,
    requestId: string,
    approximateInvokeCount: number,
    condition: string,
    result: InvocationResult,
  ): void {
    const { clock, queues } = this.#context;
    const { onFailure } = this.#settings;
    if (onFailure === undefined) return;
    const envelope = {
      version: '1.0',
      timestamp: clock.iso(),
      requestContext: {
        requestId,
        functionArn: `${this.#host.settings.arn}:$LATEST`,
        condition,
        approximateInvokeCount,
      },
      requestPayload,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: result.ok ? null : result.error,
    };
    queues.byArn(onFailure)?.send(JSON.stringify(envelope));
  }
}

const KEY_LENGTH = 16;

/** The key that faults of an event are drawn by: its id, or a hash of its content. */
function eventKeyOf(payload: unknown): string {
  const id = (payload as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id : hexOf(KEY_LENGTH, JSON.stringify(payload) ?? '');
}
