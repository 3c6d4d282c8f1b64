import { ApiError } from '../wire/errors.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { checkQueue } from './fifo.ts';
import { Queue, type QueueContext } from './queue.ts';
import { DEFAULT_QUEUE, type QueueSettings } from './settings.ts';

/** All queues of the account. */
export class Queues {
  /** URL of the local AWS, with which queue URLs begin. */
  public endpoint = '';
  readonly #account: string;
  readonly #context: Omit<QueueContext, 'find'>;
  readonly #byArn = new Map<string, Queue>();

  public constructor(account: string, context: Omit<QueueContext, 'find'>) {
    this.#account = account;
    this.#context = context;
  }

  public create(region: string, name: string, settings: QueueSettings = DEFAULT_QUEUE): Queue {
    const arn = `arn:aws:sqs:${region}:${this.#account}:${name}`;
    const existing = this.#byArn.get(arn);
    if (existing !== undefined) return existing;
    checkQueue(name, settings.fifo, settings.redrive?.deadLetterArn);
    const queue = new Queue(name, arn, settings, { ...this.#context, find: (wanted) => this.#byArn.get(wanted) });
    this.#byArn.set(arn, queue);
    return queue;
  }

  public delete(queue: Queue): void {
    queue.drain();
    this.#byArn.delete(queue.arn);
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

  /** Queue URLs of the local AWS contain the region, because all regions share one address. */
  public url(queue: Queue): string {
    return this.urlOf(queue.arn);
  }

  /** The URL of a queue by its ARN, whether or not the queue exists. */
  public urlOf(arn: string): string {
    const [, , , region = '', account = '', name = ''] = arn.split(':');
    return `${this.endpoint}/${region}/${account}/${name}`;
  }

  public at(url: string): Queue {
    return this.all().find((queue) => this.url(queue) === url) ?? doesNotExist(url);
  }

  /** Moves all messages of a dead-letter queue to one queue, or each to the queue it came from. */
  public redrive(sourceArn: string, destinationArn?: string): ResponseValue {
    const deadLetterQueue = this.byArn(sourceArn);
    if (deadLetterQueue === undefined)
      throw new ApiError('ResourceNotFoundException', `There is no queue ${sourceArn}`, 404);
    const isFifo = deadLetterQueue.settings.fifo !== undefined;
    const target = destinationArn === undefined ? undefined : this.byArn(destinationArn);
    if (target !== undefined && isFifo !== (target.settings.fifo !== undefined)) {
      throw new ApiError('InvalidParameterValue', 'Source and destination queues must be of the same type.');
    }
    for (const message of deadLetterQueue.drain()) {
      const destination = this.byArn(destinationArn ?? message.source ?? '');
      if (destination === undefined) deadLetterQueue.add(message);
      else {
        const now = this.#context.clock.now();
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
