import type { VirtualClock } from './clock.ts';

/** Settings of the queue and its event source mapping, as in lib/scan.ts. */
const VISIBILITY_MS = 16 * 60_000;
const MAX_RECEIVES = 5;
const MAX_CONCURRENCY = 3;
const DEDUPLICATION_MS = 300_000;

/** A message of a FIFO queue. */
export interface Message {
  readonly body: string;
  readonly groupId: string;
  receives: number;
}

/** A FIFO queue that invokes a function with one message of a group at a time. */
export class FifoQueue {
  public readonly deadLetterQueue: Message[] = [];
  readonly #clock: VirtualClock;
  readonly #handle: (message: Message) => Promise<'done' | 'failed'>;
  /** In order. A message is removed when it was processed. */
  readonly #messages: Message[] = [];
  readonly #hidden = new Set<Message>();
  readonly #sent = new Map<string, number>();
  #running = 0;

  public constructor(clock: VirtualClock, handle: (message: Message) => Promise<'done' | 'failed'>) {
    this.#clock = clock;
    this.#handle = handle;
  }

  public get size(): number {
    return this.#messages.length;
  }

  /** Adds a message, unless it is a duplicate within five minutes. */
  public send(body: string, groupId: string, deduplicationId = body): void {
    const now = this.#clock.now();
    if ((this.#sent.get(deduplicationId) ?? -Infinity) > now - DEDUPLICATION_MS) return;
    this.#sent.set(deduplicationId, now);
    this.#messages.push({ body, groupId, receives: 0 });
    this.#pump();
  }

  #pump(): void {
    while (this.#running < MAX_CONCURRENCY) {
      const message = this.#next();
      if (message === undefined) return;
      if (message.receives === MAX_RECEIVES) {
        this.#remove(message);
        this.deadLetterQueue.push(message);
        continue;
      }
      message.receives += 1;
      this.#hidden.add(message);
      this.#running += 1;
      this.#clock.after(VISIBILITY_MS, () => {
        this.#hidden.delete(message);
        this.#pump();
      });
      void this.#handle(message).then((result) => {
        this.#running -= 1;
        if (result === 'done') this.#remove(message);
        this.#pump();
      });
    }
  }

  /** The oldest message of a group without a message in flight. */
  #next(): Message | undefined {
    const blockedGroups = new Set([...this.#hidden].map(({ groupId }) => groupId));
    return this.#messages.find(({ groupId }) => !blockedGroups.has(groupId));
  }

  #remove(message: Message): void {
    const index = this.#messages.indexOf(message);
    if (index >= 0) this.#messages.splice(index, 1);
    this.#hidden.delete(message);
  }
}
