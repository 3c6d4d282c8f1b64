import type { Queues } from '../sqs/queues.ts';
import type { Activity } from '../simulation/activity.ts';
import type { Clock } from '../simulation/clock.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import type { InvocationResult } from './function.ts';
import type { FunctionHost } from './host.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
export interface AsyncSettings {
  /** Tries after the first one; 0 to 2. */
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  /** ARN of the queue that gets the events given up. */
  readonly onFailure?: string;
}

export const DEFAULT_ASYNC: AsyncSettings = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 };

/** Lambda waits a minute before the first retry and two before the second. */
const RETRY_PAUSES_MS = [60_000, 120_000];

/** What asynchronous invocation works with. */
export interface AsyncRoom {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activity: Activity;
  readonly queues: Queues;
}

/** Lambda's own queue in front of a function: takes every event, tries again, and gives up in the end. */
export class AsyncInvoker {
  readonly #host: FunctionHost;
  readonly #settings: AsyncSettings;
  readonly #room: AsyncRoom;

  public constructor(host: FunctionHost, settings: AsyncSettings, room: AsyncRoom) {
    this.#host = host;
    this.#settings = settings;
    this.#room = room;
  }

  /** Accepts an event, as `Invoke` with `InvocationType=Event` does. */
  public accept(payload: unknown): void {
    const requestId = this.#room.ids.uuid('invocation');
    this.#room.activity.run(`event for ${this.#host.settings.name}`, () => this.#run(payload, requestId));
  }

  async #run(payload: unknown, requestId: string): Promise<void> {
    const { clock } = this.#room;
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
    const { clock, queues } = this.#room;
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

/** What faults of an event are drawn by: its own id where it has one. */
function eventKeyOf(payload: unknown): string {
  const id = (payload as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id : hexOf(KEY_LENGTH, JSON.stringify(payload) ?? '');
}
