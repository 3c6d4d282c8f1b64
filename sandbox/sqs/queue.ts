import { createHash } from 'node:crypto';
import type { Activity } from '../activity.ts';
import type { Cancel, Clock } from '../clock.ts';
import type { Ids } from '../ids.ts';

/** A message attribute as the SQS API has it. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** A message in a queue. Times are simulated milliseconds since 1970. */
export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentAt: number;
  /** Queue that it came from, if it was moved here because it failed too often. */
  readonly source?: string;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt?: number;
  receiptHandle?: string;
}

/** Settings of a queue; times in seconds, as in the template. */
export interface QueueSettings {
  readonly delaySeconds: number;
  readonly visibilityTimeout: number;
  readonly retentionSeconds: number;
  /** Where a message goes that was received so often. */
  readonly redrive?: { readonly deadLetterArn: string; readonly maxReceiveCount: number };
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
export const DEFAULT_QUEUE: QueueSettings = { delaySeconds: 0, visibilityTimeout: 30, retentionSeconds: 345_600 };

/** What a queue works with. */
export interface QueueRoom {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activity: Activity;
  /** The queue of an ARN: the dead-letter queue of another. */
  readonly find: (arn: string) => Queue | undefined;
}

/** A standard queue. */
export class Queue {
  public readonly name: string;
  public readonly arn: string;
  public readonly settings: QueueSettings;
  readonly #room: QueueRoom;
  readonly #messages = new Map<string, Message>();
  readonly #visible = new Set<Message>();
  /** Of hidden messages: what will make them visible. */
  readonly #hidden = new Map<string, Cancel>();
  readonly #wakers = new Set<() => void>();
  /** Ends of the messages that count as under way: only if somebody takes them without being asked. */
  readonly #open = new Map<string, () => void>();
  #consumed = false;

  public constructor(name: string, arn: string, settings: QueueSettings, room: QueueRoom) {
    this.name = name;
    this.arn = arn;
    this.settings = settings;
    this.#room = room;
  }

  /** Everything in the queue, waiting or in flight, oldest first. */
  public messages(): readonly Message[] {
    this.#expire();
    return [...this.#messages.values()];
  }

  /** How many messages are in the queue, waiting or in flight. */
  public get size(): number {
    return this.messages().length;
  }

  /** How many can be received now. */
  public get visible(): number {
    return this.#visible.size;
  }

  /** An event source mapping takes from this queue: its messages are under way until they are gone. */
  public consume(onVisible: () => void): void {
    this.#consumed = true;
    this.#wakers.add(onVisible);
    for (const message of this.#messages.values()) this.#count(message);
    onVisible();
  }

  public send(body: string, options: { attributes?: MessageAttributes; delaySeconds?: number } = {}): Message {
    const now = this.#room.clock.now();
    const delay = (options.delaySeconds ?? this.settings.delaySeconds) * 1000;
    const id = this.#room.ids.uuid(`message ${this.name}`);
    const attributes = options.attributes ?? {};
    return this.add({ id, body, attributes, sentAt: now, visibleAt: now + delay, receiveCount: 0 });
  }

  /** Takes a message over, with its id and its age. */
  public add(message: Message): Message {
    this.#messages.set(message.id, message);
    if (this.#consumed) this.#count(message);
    this.#hide(message, message.visibleAt - this.#room.clock.now());
    return message;
  }

  /** Takes visible messages, and hides them for a while. One that was received too often goes to the dead-letter queue. */
  public receive(max: number, visibilityTimeout = this.settings.visibilityTimeout): Message[] {
    this.#expire();
    const now = this.#room.clock.now();
    const received: Message[] = [];
    for (const message of this.#visible) {
      if (received.length === max) break;
      if (this.#givesUp(message)) continue;
      message.receiveCount++;
      message.firstReceivedAt ??= now;
      message.receiptHandle = Buffer.from(`${message.id} ${message.receiveCount}`).toString('base64url');
      received.push(message);
    }
    for (const message of received) this.#hide(message, visibilityTimeout * 1000);
    return received;
  }

  /** Removes a message by any of its receipt handles; unknown ones are fine, as in SQS. */
  public delete(receiptHandle: string): void {
    const message = this.#byHandle(receiptHandle);
    if (message !== undefined) this.#remove(message);
  }

  /** @returns whether there is such a message in flight. */
  public changeVisibility(receiptHandle: string, seconds: number): boolean {
    const message = this.#byHandle(receiptHandle);
    if (message === undefined || this.#visible.has(message)) return false;
    this.#hide(message, seconds * 1000);
    return true;
  }

  /** Takes every message out, for a redrive. */
  public drain(): Message[] {
    const messages = [...this.#messages.values()];
    for (const message of messages) this.#remove(message);
    return messages;
  }

  /** Resolves when a message may be visible, or after a simulated duration. */
  public async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        this.#wakers.delete(done);
        resolve();
      };
      const cancel = this.#room.clock.after(ms, done);
      this.#wakers.add(done);
    });
  }

  #hide(message: Message, ms: number): void {
    this.#hidden.get(message.id)?.();
    this.#visible.delete(message);
    message.visibleAt = this.#room.clock.now() + Math.max(ms, 0);
    const show = () => {
      this.#hidden.delete(message.id);
      this.#visible.add(message);
      for (const wake of [...this.#wakers]) wake();
    };
    if (ms > 0) this.#hidden.set(message.id, this.#room.clock.after(ms, show));
    else show();
  }

  #givesUp(message: Message): boolean {
    const { redrive } = this.settings;
    if (redrive === undefined || message.receiveCount < redrive.maxReceiveCount) return false;
    const deadLetters = this.#room.find(redrive.deadLetterArn);
    if (deadLetters === undefined) return false;
    this.#remove(message);
    deadLetters.add({ ...message, source: this.arn, visibleAt: this.#room.clock.now(), receiveCount: 0 });
    return true;
  }

  #expire(): void {
    const oldest = this.#room.clock.now() - this.settings.retentionSeconds * 1000;
    for (const message of this.#messages.values()) {
      if (message.sentAt >= oldest) break; // they are in order, but for what a redrive brought back
      this.#remove(message);
    }
  }

  #remove(message: Message): void {
    this.#messages.delete(message.id);
    this.#visible.delete(message);
    this.#hidden.get(message.id)?.();
    this.#hidden.delete(message.id);
    this.#open.get(message.id)?.();
    this.#open.delete(message.id);
  }

  #byHandle(receiptHandle: string): Message | undefined {
    const [id = ''] = Buffer.from(receiptHandle, 'base64url').toString().split(' ');
    return this.#messages.get(id);
  }

  #count({ id }: Message): void {
    this.#open.set(id, this.#room.activity.begin(`message in ${this.name}`));
  }
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
