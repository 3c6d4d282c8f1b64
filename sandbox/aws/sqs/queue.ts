import type { Activity } from '../simulation/activity.ts';
import type { Clock } from '../simulation/clock.ts';
import type { Ids } from '../simulation/ids.ts';
import { checkStandard, Deduplication, fifoIds, receivableInOrder, sequenceNumber } from './fifo.ts';
import type { Message, SendOptions } from './message.ts';
import type { QueueSettings } from './settings.ts';
import { Visibility } from './visibility.ts';

/** What a queue depends on. */
export interface QueueContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly activity: Activity;
  /** Finds a queue by ARN: the dead-letter queue of another one. */
  readonly find: (arn: string) => Queue | undefined;
}

/** A queue, standard or FIFO. */
export class Queue {
  public readonly name: string;
  public readonly arn: string;
  public settings: QueueSettings;
  /** The JSON of its policy; absent if it has none. */
  public policy: string | undefined;
  readonly #context: QueueContext;
  readonly #messages = new Map<string, Message>();
  readonly #visibility: Visibility;
  /** Ends the activity that a message counts as, by message id. Only messages of a consumed queue count. */
  readonly #activities = new Map<string, () => void>();
  readonly #deduplication: Deduplication | undefined;
  #isConsumed = false;
  #sequence = 0;

  public constructor(name: string, arn: string, settings: QueueSettings, context: QueueContext) {
    this.name = name;
    this.arn = arn;
    this.settings = settings;
    this.#context = context;
    this.#visibility = new Visibility(context.clock);
    this.#deduplication = settings.fifo && new Deduplication(settings.fifo);
  }

  /** Every message in the queue: visible, delayed and in flight, oldest first. */
  public messages(): readonly Message[] {
    this.#expire();
    return [...this.#messages.values()];
  }

  /** The number of messages: visible, delayed and in flight. */
  public get size(): number {
    return this.messages().length;
  }

  /** The number of messages that are neither delayed nor in flight. */
  public get visible(): number {
    return this.#visibility.messages.size;
  }

  /**
   * Connects an event source mapping. From now on the messages count as activity until they are deleted.
   *
   * @returns a function that disconnects it.
   */
  public consume(onVisible: () => void): () => void {
    this.#isConsumed = true;
    this.#visibility.listen(onVisible);
    for (const message of this.#messages.values()) this.#countAsActivity(message);
    onVisible();
    return () => {
      this.#isConsumed = false;
      this.#visibility.unlisten(onVisible);
      for (const end of this.#activities.values()) end();
      this.#activities.clear();
    };
  }

  /**
   * Adds a new message.
   *
   * @returns the message, or the earlier one that it duplicates in a FIFO queue.
   * @throws ApiError if an option does not apply to the type of the queue.
   */
  public send(body: string, { attributes = {}, delaySeconds, ...given }: SendOptions = {}): Message {
    const { fifo } = this.settings;
    if (fifo === undefined) checkStandard(given);
    const ids = fifo && fifoIds(fifo, body, { ...given, delaySeconds });
    const now = this.#context.clock.now();
    const duplicate = ids && this.#deduplication?.find(ids, now);
    if (duplicate !== undefined) return duplicate;
    const delay = (fifo === undefined ? delaySeconds : undefined) ?? this.settings.delaySeconds;
    const id = this.#context.ids.uuid(`message ${this.name}`);
    const visibleAt = now + delay * 1000;
    const message = this.add({ id, body, attributes, sentAt: now, visibleAt, receiveCount: 0, ...given, ...ids });
    if (ids !== undefined) this.#deduplication?.remember(ids, message, now);
    return message;
  }

  /** Adds a message of another queue, with its id and its age. */
  public add(given: Message): Message {
    const { fifo } = this.settings;
    const message = fifo === undefined ? given : { ...given, sequenceNumber: sequenceNumber(this.#sequence++) };
    this.#messages.set(message.id, message);
    if (this.#isConsumed) this.#countAsActivity(message);
    this.#visibility.hide(message, message.visibleAt - this.#context.clock.now());
    return message;
  }

  /**
   * Receives visible messages and hides them.
   *
   * One that was received too often moves to the dead-letter queue.
   */
  public receive(max: number, visibilityTimeout = this.settings.visibilityTimeout): Message[] {
    this.#expire();
    const now = this.#context.clock.now();
    const received: Message[] = [];
    for (const message of this.#receivable()) {
      if (received.length === max) break;
      if (this.#moveToDeadLetterQueue(message)) continue;
      message.receiveCount++;
      message.firstReceivedAt ??= now;
      message.receiptHandle = Buffer.from(`${message.id} ${message.receiveCount}`).toString('base64url');
      received.push(message);
    }
    for (const message of received) this.#visibility.hide(message, visibilityTimeout * 1000);
    return received;
  }

  /**
   * Deletes a message by receipt handle.
   *
   * A standard queue accepts any of its handles, a FIFO queue the last one. As in SQS, an unknown handle is no error.
   *
   * @returns `false` if the handle has expired.
   */
  public delete(receiptHandle: string): boolean {
    const message = this.#byHandle(receiptHandle);
    if (message === undefined) return true;
    if (this.#isExpired(message, receiptHandle)) return false;
    this.#remove(message);
    if (this.settings.fifo !== undefined) this.#visibility.notify(); // the next message of the group can be received
    return true;
  }

  /** @returns whether such a message is in flight. */
  public changeVisibility(receiptHandle: string, seconds: number): boolean {
    const message = this.#byHandle(receiptHandle);
    if (message === undefined || this.#isVisible(message) || this.#isExpired(message, receiptHandle)) return false;
    this.#visibility.hide(message, seconds * 1000);
    return true;
  }

  /** Removes every message and returns them, for a redrive. */
  public drain(): Message[] {
    const messages = [...this.#messages.values()];
    for (const message of messages) this.#remove(message);
    return messages;
  }

  /** Resolves when a message may be receivable, or after a simulated duration. */
  public wait(ms: number): Promise<void> {
    return this.#visibility.wait(ms);
  }

  #isVisible(message: Message): boolean {
    return this.#visibility.messages.has(message);
  }

  #receivable(): Iterable<Message> {
    if (this.settings.fifo === undefined) return this.#visibility.messages;
    return receivableInOrder([...this.#messages.values()], (message) => this.#isVisible(message));
  }

  /** A FIFO queue accepts the last receipt handle only, and only while the message is in flight. */
  #isExpired(message: Message, receiptHandle: string): boolean {
    return this.settings.fifo !== undefined && (message.receiptHandle !== receiptHandle || this.#isVisible(message));
  }

  /** @returns whether the message exceeded `maxReceiveCount` and was moved. */
  #moveToDeadLetterQueue(message: Message): boolean {
    const { redrive } = this.settings;
    if (redrive === undefined || message.receiveCount < redrive.maxReceiveCount) return false;
    const deadLetterQueue = this.#context.find(redrive.deadLetterArn);
    if (deadLetterQueue === undefined) return false;
    this.#remove(message);
    const now = this.#context.clock.now();
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html: in a FIFO queue the
    // enqueue timestamp is reset and the message id replaces the deduplication id.
    const reset = this.settings.fifo === undefined ? {} : { sentAt: now, deduplicationId: message.id };
    deadLetterQueue.add({ ...message, ...reset, source: this.arn, visibleAt: now, receiveCount: 0 });
    return true;
  }

  /** Deletes messages that are older than the retention period. */
  #expire(): void {
    const oldest = this.#context.clock.now() - this.settings.retentionSeconds * 1000;
    for (const message of this.#messages.values()) {
      if (message.sentAt >= oldest) break; // messages are in order of age, except those that a redrive moved back
      this.#remove(message);
    }
  }

  #remove(message: Message): void {
    this.#messages.delete(message.id);
    this.#visibility.remove(message);
    this.#activities.get(message.id)?.();
    this.#activities.delete(message.id);
  }

  #byHandle(receiptHandle: string): Message | undefined {
    const [id = ''] = Buffer.from(receiptHandle, 'base64url').toString().split(' ');
    return this.#messages.get(id);
  }

  #countAsActivity({ id }: Message): void {
    this.#activities.set(id, this.#context.activity.begin(`message in ${this.name}`));
  }
}
