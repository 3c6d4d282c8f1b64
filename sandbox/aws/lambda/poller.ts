import type { Clock } from '../simulation/clock.ts';
import type { Activity } from '../simulation/activity.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import { md5, type Message } from '../sqs/message.ts';
import type { Queue } from '../sqs/queue.ts';
import { systemAttributes } from '../sqs/system-attributes.ts';
import type { InvocationResult } from './function.ts';
import type { FunctionHost } from './host.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
export interface PollerSettings {
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** `ReportBatchItemFailures`: the function returns which messages failed. */
  readonly partialFailures: boolean;
  /** Concurrent batches. */
  readonly maxConcurrency: number;
}

/** Lambda starts with five concurrent batches. */
export const DEFAULT_POLLER: PollerSettings = {
  batchSize: 10,
  windowSeconds: 0,
  partialFailures: false,
  maxConcurrency: 5,
};

/** What a poller depends on. */
export interface PollerContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activity: Activity;
}

/** An event source mapping: receives messages from a queue in batches and invokes a function with them. */
export class Poller {
  readonly #queue: Queue;
  readonly #host: FunctionHost;
  readonly #settings: PollerSettings;
  readonly #context: PollerContext;
  #batch: Message[] = [];
  #cancelWindow: (() => void) | undefined;
  #running = 0;
  #isOn = false;
  #disconnect: (() => void) | undefined;

  public constructor(queue: Queue, host: FunctionHost, settings: PollerSettings, context: PollerContext) {
    this.#queue = queue;
    this.#host = host;
    this.#settings = settings;
    this.#context = context;
  }

  public start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#disconnect = this.#queue.consume(() => this.#receive());
  }

  /** Receives no more messages until the next `start`. */
  public stop(): void {
    this.#isOn = false;
    this.#disconnect?.();
  }

  /** Gathers messages until the batch is full or the batching window of its first message is over. */
  #receive(): void {
    const { batchSize, windowSeconds, maxConcurrency } = this.#settings;
    while (this.#isOn && this.#running < maxConcurrency && this.#queue.visible > 0) {
      this.#batch.push(...this.#queue.receive(batchSize - this.#batch.length));
      if (this.#batch.length === 0) return;
      if (this.#batch.length === batchSize || windowSeconds === 0) this.#dispatch();
      else this.#cancelWindow ??= this.#context.clock.after(windowSeconds * 1000, () => this.#dispatch());
    }
  }

  #dispatch(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#cancelWindow?.();
    this.#cancelWindow = undefined;
    if (batch.length === 0) return;
    this.#running++;
    this.#context.activity.run(`batch from ${this.#queue.name}`, async () => {
      const result = await this.#host.invoke({
        payload: { Records: batch.map((message) => this.#record(message)) },
        requestId: this.#context.ids.uuid('invocation'),
        key: hexOf(16, ...batch.map(({ body }) => body).sort()),
        messages: batch.map(({ body }) => ({ key: hexOf(16, body), body })),
        attempt: Math.max(...batch.map(({ receiveCount }) => receiveCount)),
      });
      const failed = this.#failed(result, batch);
      for (const { id, receiptHandle } of batch) if (!failed.has(id)) this.#queue.delete(receiptHandle ?? '');
      this.#running--;
      this.#receive();
    });
  }

  /** Ids of the messages that failed and stay in the queue. An invalid response fails the whole batch. */
  #failed(result: InvocationResult, batch: readonly Message[]): ReadonlySet<string> {
    const all = new Set(batch.map(({ id }) => id));
    if (!result.ok) return all;
    if (!this.#settings.partialFailures) return new Set();
    const answer = result.payload as { batchItemFailures?: unknown } | null;
    const failures = answer?.batchItemFailures ?? [];
    if (!Array.isArray(failures)) return all;
    const ids = failures.map((failure) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
    return ids.every((id) => typeof id === 'string' && all.has(id)) ? new Set(ids as string[]) : all;
  }

  #record(message: Message): Record<string, unknown> {
    const { id, body, attributes, receiptHandle } = message;
    return {
      messageId: id,
      receiptHandle,
      body,
      attributes: systemAttributes(message),
      messageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
          name,
          {
            stringValue: StringValue,
            binaryValue: BinaryValue,
            stringListValues: [],
            binaryListValues: [],
            dataType: DataType,
          },
        ]),
      ),
      md5OfBody: md5(body),
      eventSource: 'aws:sqs',
      eventSourceARN: this.#queue.arn,
      awsRegion: this.#queue.arn.split(':')[3],
    };
  }
}
