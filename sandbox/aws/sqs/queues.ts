import { ApiError } from '../wire/errors.ts';
import type { Wire } from '../wire/xml.ts';
import { checkQueue } from './fifo.ts';
import { DEFAULT_QUEUE, Queue, type QueueRoom, type QueueSettings } from './queue.ts';

/** All queues of the account. */
export class Queues {
  /** Where the local AWS answers; queue URLs begin with it. */
  public endpoint = '';
  readonly #account: string;
  readonly #room: Omit<QueueRoom, 'find'>;
  readonly #byArn = new Map<string, Queue>();

  public constructor(account: string, room: Omit<QueueRoom, 'find'>) {
    this.#account = account;
    this.#room = room;
  }

  public create(region: string, name: string, settings: QueueSettings = DEFAULT_QUEUE): Queue {
    const arn = `arn:aws:sqs:${region}:${this.#account}:${name}`;
    const existing = this.#byArn.get(arn);
    if (existing !== undefined) return existing;
    checkQueue(name, settings.fifo, settings.redrive?.deadLetterArn);
    const queue = new Queue(name, arn, settings, { ...this.#room, find: (wanted) => this.#byArn.get(wanted) });
    this.#byArn.set(arn, queue);
    return queue;
  }

  public all(): readonly Queue[] {
    return [...this.#byArn.values()];
  }

  public in(region: string): readonly Queue[] {
    return this.all().filter(({ arn }) => arn.split(':')[3] === region);
  }

  public byArn(arn: string): Queue | undefined {
    return this.#byArn.get(arn);
  }

  public named(region: string, name: string): Queue {
    return this.byArn(`arn:aws:sqs:${region}:${this.#account}:${name}`) ?? doesNotExist(name);
  }

  /** The region is part of the URL here, because all regions share one address. */
  public url(queue: Queue): string {
    return this.urlOf(queue.arn);
  }

  /** The URL that a queue of this ARN has, or will have. */
  public urlOf(arn: string): string {
    const [, , , region = '', account = '', name = ''] = arn.split(':');
    return `${this.endpoint}/${region}/${account}/${name}`;
  }

  public at(url: string): Queue {
    return this.all().find((queue) => this.url(queue) === url) ?? doesNotExist(url);
  }

  /** Moves everything out of a dead-letter queue, in order: to the queue named, or each message back to where it came from. */
  public redrive(sourceArn: string, destinationArn?: string): Wire {
    const deadLetterQueue = this.byArn(sourceArn);
    if (deadLetterQueue === undefined)
      throw new ApiError('ResourceNotFoundException', `There is no queue ${sourceArn}`, 404);
    const isFifo = deadLetterQueue.settings.fifo !== undefined;
    const named = destinationArn === undefined ? undefined : this.byArn(destinationArn);
    if (named !== undefined && isFifo !== (named.settings.fifo !== undefined)) {
      throw new ApiError('InvalidParameterValue', 'Source and destination queues must be of the same type.');
    }
    for (const message of deadLetterQueue.drain()) {
      const destination = this.byArn(destinationArn ?? message.source ?? '');
      if (destination === undefined) deadLetterQueue.add(message);
      else {
        const now = this.#room.clock.now();
        const sentAt = isFifo ? now : message.sentAt;
        destination.add({ ...message, source: undefined, sentAt, visibleAt: now, receiveCount: 0 });
      }
    }
    return { TaskHandle: Buffer.from(sourceArn).toString('base64') };
  }
}

function doesNotExist(name: string): never {
  throw new ApiError('QueueDoesNotExist', `The specified queue does not exist: ${name}`);
}
