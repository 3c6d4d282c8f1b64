import { createHash } from 'node:crypto';
import type { Activity } from '../simulation/activity.ts';
import type { Cancel, Clock } from '../simulation/clock.ts';
import type { Ids } from '../simulation/ids.ts';
import {
  checkStandard,
  Deduplication,
  fifoIds,
  type FifoIds,
  type FifoSettings,
  inGroups,
  sequenceNumber,
} from './fifo.ts';

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
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly sequenceNumber?: string;
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
  /** Absent for a standard queue. */
  readonly fifo?: FifoSettings;
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

/** What a message is sent with. */
export interface SendOptions extends Partial<FifoIds> {
  readonly attributes?: MessageAttributes;
  readonly delaySeconds?: number;
}

/** A queue, standard or FIFO. */
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
  readonly #deduplication: Deduplication | undefined;
  #consumed = false;
  #sequence = 0;

  public constructor(name: string, arn: string, settings: QueueSettings, room: QueueRoom) {
    this.name = name;
    this.arn = arn;
    this.settings = settings;
    this.#room = room;
    this.#deduplication = settings.fifo && new Deduplication(settings.fifo);
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

  /** How many are neither delayed nor in flight. */
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

  /**
   * Takes a message.
   *
   * @returns it, or the one that is the same to a FIFO queue.
   * @throws ApiError if it does not go with the type of the queue.
   */
  public send(body: string, { attributes = {}, delaySeconds, ...given }: SendOptions = {}): Message {
    const { fifo } = this.settings;
    if (fifo === undefined) checkStandard(given);
    const ids = fifo && fifoIds(fifo, body, { ...given, delaySeconds });
    const now = this.#room.clock.now();
    const same = ids && this.#deduplication?.find(ids, now);
    if (same !== undefined) return same;
    const delay = (fifo === undefined ? delaySeconds : undefined) ?? this.settings.delaySeconds;
    const id = this.#room.ids.uuid(`message ${this.name}`);
    const visibleAt = now + delay * 1000;
    const message = this.add({ id, body, attributes, sentAt: now, visibleAt, receiveCount: 0, ...given, ...ids });
    if (ids !== undefined) this.#deduplication?.remember(ids, message, now);
    return message;
  }

  /** Takes a message over, with its id and its age. */
  public add(given: Message): Message {
    const { fifo } = this.settings;
    const message = fifo === undefined ? given : { ...given, sequenceNumber: sequenceNumber(this.#sequence++) };
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
    for (const message of this.#receivable()) {
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

  /**
   * Removes a message by any of its receipt handles, in a FIFO queue by the last one; unknown ones are fine, as in SQS.
   *
   * @returns `false` if the handle has expired.
   */
  public delete(receiptHandle: string): boolean {
    const message = this.#byHandle(receiptHandle);
    if (message === undefined) return true;
    if (this.#expired(message, receiptHandle)) return false;
    this.#remove(message);
    if (this.settings.fifo !== undefined) this.#wake(); // its group goes on
    return true;
  }

  /** @returns whether there is such a message in flight. */
  public changeVisibility(receiptHandle: string, seconds: number): boolean {
    const message = this.#byHandle(receiptHandle);
    if (message === undefined || this.#visible.has(message) || this.#expired(message, receiptHandle)) return false;
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
      this.#wake();
    };
    if (ms > 0) this.#hidden.set(message.id, this.#room.clock.after(ms, show));
    else show();
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }

  #receivable(): Iterable<Message> {
    if (this.settings.fifo === undefined) return this.#visible;
    return inGroups([...this.#messages.values()], (message) => this.#visible.has(message));
  }

  /** FIFO queues know a message by its last handle, and only while it is in flight. */
  #expired(message: Message, receiptHandle: string): boolean {
    return this.settings.fifo !== undefined && (message.receiptHandle !== receiptHandle || this.#visible.has(message));
  }

  #givesUp(message: Message): boolean {
    const { redrive } = this.settings;
    if (redrive === undefined || message.receiveCount < redrive.maxReceiveCount) return false;
    const deadLetterQueue = this.#room.find(redrive.deadLetterArn);
    if (deadLetterQueue === undefined) return false;
    this.#remove(message);
    const now = this.#room.clock.now();
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html: the age begins anew,
    // and the id of the message replaces what it was deduplicated by.
    const anew = this.settings.fifo === undefined ? {} : { sentAt: now, deduplicationId: message.id };
    deadLetterQueue.add({ ...message, ...anew, source: this.arn, visibleAt: now, receiveCount: 0 });
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
