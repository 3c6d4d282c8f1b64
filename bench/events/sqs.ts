import type { VirtualClock } from '../scan/clock.ts';

/** Messages that one ReceiveMessage takes. */
const RECEIVE = 10;
/** Virtual milliseconds that a poller of Lambda needs for one ReceiveMessage. */
const RECEIVE_MS = 20;

/** How a standard queue is set up. Times in seconds. */
export interface QueueSettings {
  readonly delay: number;
  readonly visibility: number;
  readonly maxReceives: number;
}

/** A message. */
export interface Message {
  readonly id: string;
  readonly body: string;
  receives: number;
  /** Gone, because it was handled or because it went to the dead-letter queue. */
  deleted: boolean;
}

/** A standard queue with a dead-letter queue. */
export class StandardQueue {
  public readonly deadLettered: Message[] = [];
  public sent = 0;
  /** Messages that are in the queue: visible, delayed or in flight. */
  public size = 0;
  readonly #clock: VirtualClock;
  readonly #settings: QueueSettings;
  #visible: Message[] = [];
  #waiting: (() => void)[] = [];

  public constructor(clock: VirtualClock, settings: QueueSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  public send(body: string, delaySeconds = this.#settings.delay): void {
    this.sent += 1;
    this.size += 1;
    this.#showAfter({ id: `m${this.sent}`, body, receives: 0, deleted: false }, delaySeconds);
  }

  /** Takes up to ten visible messages and hides them. */
  public receive(max: number): Message[] {
    const received: Message[] = [];
    while (received.length < Math.min(max, RECEIVE)) {
      const message = this.#visible.shift();
      if (message === undefined) break;
      if (message.receives >= this.#settings.maxReceives) {
        this.delete(message);
        this.deadLettered.push(message);
        continue;
      }
      message.receives += 1;
      received.push(message);
      this.#showAfter(message, this.#settings.visibility);
    }
    return received;
  }

  public delete(message: Message): void {
    if (!message.deleted) this.size -= 1;
    message.deleted = true;
  }

  /** Waits until a message is visible, or until a time. */
  public async wait(until = Infinity): Promise<void> {
    if (this.#visible.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (until < Infinity) this.#clock.after(Math.max(0, until - this.#clock.now()), resolve);
    });
  }

  #showAfter(message: Message, seconds: number): void {
    const show = () => {
      if (message.deleted) return;
      this.#visible.push(message);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    };
    if (seconds === 0) show();
    else this.#clock.after(seconds * 1000, show);
  }
}

/** How an event source mapping takes messages. */
export interface SourceSettings {
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Batches at the same time, 2 at least. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
  readonly maxConcurrency: number;
  /**
   * Whether one batch is gathered at a time, as the local AWS does it. AWS does not say; each poller for itself is the
   * worse case.
   *
   * @default false
   */
  readonly together?: boolean;
}

/**
 * An event source mapping with partial batch responses: as many pollers as batches are allowed at the same time. Each
 * gathers a batch until it is full or its window is over, and takes no further message before the function has
 * answered.
 *
 * @param handle returns the ids of the messages that failed, or `undefined` if the invocation failed.
 */
export function startEventSource(
  clock: VirtualClock,
  queue: StandardQueue,
  { batchSize, windowSeconds, maxConcurrency, together = false }: SourceSettings,
  handle: (messages: readonly Message[]) => Promise<readonly string[] | undefined>,
): void {
  const gather = async (): Promise<Message[]> => {
    await queue.wait();
    await clock.sleep(RECEIVE_MS);
    const batch = queue.receive(batchSize);
    const windowEnd = clock.now() + windowSeconds * 1000;
    while (batch.length > 0 && batch.length < batchSize && clock.now() + RECEIVE_MS < windowEnd) {
      await queue.wait(windowEnd - RECEIVE_MS);
      await clock.sleep(RECEIVE_MS);
      batch.push(...queue.receive(batchSize - batch.length));
    }
    return batch;
  };
  let turn: Promise<unknown> = Promise.resolve();
  const poll = async () => {
    for (;;) {
      const gathering = together ? turn.then(gather) : gather();
      turn = gathering;
      const batch = await gathering;
      if (batch.length === 0) continue;
      const failed = await handle(batch);
      if (failed === undefined) continue;
      for (const message of batch) if (!failed.includes(message.id)) queue.delete(message);
    }
  };
  for (let poller = 0; poller < maxConcurrency; poller += 1) void poll();
}
