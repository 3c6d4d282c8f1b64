import type { Clock } from '../simulation/clock.ts';
import type { Faults } from '../simulation/faults.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { at, list, type Params, text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { attributesOf, setAttributes, settingsOf } from './attributes.ts';
import { md5, type Message, type MessageAttributes } from './message.ts';
import type { Queue } from './queue.ts';
import type { Queues } from './queues.ts';
import { systemAttributes } from './system-attributes.ts';

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DELAY_SECONDS = 900;
const MAX_BATCH = 10;

/** What SQS depends on. */
export interface SqsContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly faults: Faults;
}

/** An entry that SQS does not accept, through no fault of the sender. */
class RefusedEntry extends ApiError {
  public constructor() {
    super('InternalError', 'Injected by the faults of the sandbox');
  }
}

/** SQS. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html */
export class SqsService implements Service {
  readonly #queues: Queues;
  readonly #clock: Clock;
  readonly #context: SqsContext;

  public constructor(queues: Queues, context: SqsContext) {
    this.#queues = queues;
    this.#clock = context.clock;
    this.#context = context;
  }

  public handle({ action, params, region }: ApiCall): Promise<ResponseValue> | ResponseValue {
    switch (action) {
      case 'CreateQueue':
        return this.#create(region, params);
      case 'ListQueues':
        return { QueueUrls: this.#queues.in(region).map((queue) => this.#queues.url(queue)) };
      case 'GetQueueUrl':
        return { QueueUrl: this.#queues.url(this.#queues.named(region, text(params, 'QueueName') ?? '')) };
      case 'StartMessageMoveTask':
        return this.#queues.redrive(text(params, 'SourceArn') ?? '', text(params, 'DestinationArn'));
      case 'SendMessage':
        return send(this.#queueOf(params), params);
      case 'SendMessageBatch':
        return this.#batch(params, (queue, entry) => this.#send(queue, entry));
      case 'ReceiveMessage':
        return this.#receive(this.#queueOf(params), params);
      case 'DeleteMessage':
        return remove(this.#queueOf(params), params);
      case 'DeleteMessageBatch':
        return this.#batch(params, remove);
      case 'ChangeMessageVisibility':
        return changeVisibility(this.#queueOf(params), params);
      case 'GetQueueAttributes':
        return requested(attributesOf(this.#queueOf(params), this.#clock.now()), texts(params, 'AttributeNames'));
      case 'SetQueueAttributes':
        setAttributes(this.#queueOf(params), at(params, 'Attributes'));
        return {};
      case 'DeleteQueue':
        this.#queues.delete(this.#queueOf(params));
        return {};
      case 'PurgeQueue':
        this.#queueOf(params).drain();
        return {};
      default:
        throw new ApiError('InvalidAction', `The local AWS has no sqs:${action}`);
    }
  }

  #create(region: string, params: Params): ResponseValue {
    const name = text(params, 'QueueName') ?? '';
    return { QueueUrl: this.#queues.url(this.#queues.create(region, name, settingsOf(at(params, 'Attributes')))) };
  }

  /** A queue that does not exist fails the call; entries fail one by one. */
  #batch(params: Params, each: (queue: Queue, entry: unknown) => Record<string, ResponseValue>): ResponseValue {
    const queue = this.#queueOf(params);
    return batch(params, (entry) => each(queue, entry));
  }

  #send(queue: Queue, entry: unknown): Record<string, ResponseValue> {
    const { ids, faults } = this.#context;
    const detail = text(entry, 'MessageBody') ?? '';
    const attempt = ids.count(`send ${hexOf(32, queue.name, detail)}`);
    if (faults.refusesEntry({ service: 'sqs', source: queue.name, detail, attempt })) throw new RefusedEntry();
    return send(queue, entry);
  }

  #queueOf(params: Params): Queue {
    return this.#queues.at(text(params, 'QueueUrl') ?? '');
  }

  async #receive(queue: Queue, params: Params): Promise<ResponseValue> {
    const max = Number(text(params, 'MaxNumberOfMessages') ?? 1);
    const timeout = text(params, 'VisibilityTimeout');
    const until = this.#clock.now() + Number(text(params, 'WaitTimeSeconds') ?? 0) * 1000;
    const receive = () => queue.receive(max, timeout === undefined ? undefined : Number(timeout));
    let messages = receive();
    while (messages.length === 0 && this.#clock.now() < until) {
      await queue.wait(until - this.#clock.now());
      messages = receive();
    }
    return messages.length === 0 ? {} : { Messages: messages.map((message) => messageShape(message)) };
  }
}

function send(queue: Queue, params: unknown): Record<string, ResponseValue> {
  const body = text(params, 'MessageBody') ?? '';
  if (body === '') throw new ApiError('MissingParameter', 'The request must contain the parameter MessageBody.');
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    throw new ApiError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Message must be shorter than ${MAX_BODY_BYTES} bytes.`,
    );
  }
  const delay = text(params, 'DelaySeconds');
  if (delay !== undefined && !(Number(delay) >= 0 && Number(delay) <= MAX_DELAY_SECONDS)) {
    throw new ApiError(
      'InvalidParameterValue',
      `Value ${delay} for parameter DelaySeconds is invalid: 0 to ${MAX_DELAY_SECONDS}`,
    );
  }
  const attributes = (at(params, 'MessageAttributes') ?? {}) as MessageAttributes;
  const { id, sequenceNumber } = queue.send(body, {
    attributes,
    delaySeconds: delay === undefined ? undefined : Number(delay),
    groupId: text(params, 'MessageGroupId'),
    deduplicationId: text(params, 'MessageDeduplicationId'),
  });
  return { MessageId: id, MD5OfMessageBody: md5(body), SequenceNumber: sequenceNumber };
}

function remove(queue: Queue, params: unknown): Record<string, ResponseValue> {
  const handle = text(params, 'ReceiptHandle') ?? '';
  if (!queue.delete(handle)) throw expired(handle);
  return {};
}

const expired = (handle: string): ApiError =>
  new ApiError(
    'InvalidParameterValue',
    `Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
  );

/** Runs a batch call. Entries succeed or fail independently of each other. */
function batch(params: Params, each: (entry: unknown) => Record<string, ResponseValue>): ResponseValue {
  const entries = list(params, 'Entries');
  if (entries.length === 0)
    throw new ApiError('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > MAX_BATCH) {
    throw new ApiError('TooManyEntriesInBatchRequest', `Maximum number of entries per request are ${MAX_BATCH}.`);
  }
  const ids = entries.map((entry) => text(entry, 'Id') ?? '');
  if (ids.some((id) => !/^[\w-]{1,80}$/.test(id))) {
    throw new ApiError(
      'InvalidBatchEntryId',
      // cspell:disable-next-line -- the words of AWS
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    );
  }
  if (new Set(ids).size < ids.length) throw new ApiError('BatchEntryIdsNotDistinct', 'Ids must be distinct.');
  const bytes = entries.reduce((sum: number, entry) => sum + Buffer.byteLength(text(entry, 'MessageBody') ?? ''), 0);
  if (bytes > MAX_BODY_BYTES) {
    throw new ApiError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${MAX_BODY_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  }
  const Successful: ResponseValue[] = [];
  const Failed: ResponseValue[] = [];
  for (const entry of entries) {
    const Id = text(entry, 'Id') ?? '';
    try {
      Successful.push({ Id, ...each(entry) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: !(error instanceof RefusedEntry) });
    }
  }
  return { Successful, Failed };
}

function changeVisibility(queue: Queue, params: Params): ResponseValue {
  const handle = text(params, 'ReceiptHandle') ?? '';
  const changed = queue.changeVisibility(handle, Number(text(params, 'VisibilityTimeout')));
  if (!changed && queue.settings.fifo !== undefined) throw expired(handle);
  if (!changed) throw new ApiError('MessageNotInflight', 'The message is not in flight.');
  return {};
}

function messageShape(message: Message): ResponseValue {
  const { id, body, attributes, receiptHandle } = message;
  const all: Record<string, ResponseValue> = Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { ...value }]),
  );
  return {
    MessageId: id,
    ReceiptHandle: receiptHandle,
    MD5OfBody: md5(body),
    Body: body,
    Attributes: systemAttributes(message),
    ...(Object.keys(all).length > 0 ? { MessageAttributes: all } : {}),
  };
}

/** The requested attributes. Without attribute names SQS returns none. */
function requested(attributes: Readonly<Record<string, string>>, names: readonly string[]): ResponseValue {
  const selected = Object.entries(attributes).filter(([name]) => names.includes('All') || names.includes(name));
  return selected.length > 0 ? { Attributes: Object.fromEntries(selected) } : {};
}
