import type { Faults } from '../faults.ts';
import { hexOf, type Ids } from '../ids.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { list, text } from '../wire/params.ts';
import type { Wire } from '../wire/xml.ts';
import { type Publish, readPublish, sizeOf } from './message.ts';
import type { Topic, Topics } from './topics.ts';

// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
const MAX_BATCH = 10;
const MAX_BATCH_BYTES = 256 * 1024;

/** SNS, as far as this product meets it. */
export class SnsService implements Service {
  readonly #topics: Topics;
  readonly #ids: Ids;
  readonly #faults: Faults;

  public constructor(topics: Topics, ids: Ids, faults: Faults) {
    this.#topics = topics;
    this.#ids = ids;
    this.#faults = faults;
  }

  public handle({ action, params, region }: ApiCall): Wire {
    switch (action) {
      case 'CreateTopic':
        return { TopicArn: this.#topics.create(region, text(params, 'Name') ?? '').arn };
      case 'ListTopics':
        return { Topics: this.#topics.all().map(({ arn }) => ({ TopicArn: arn })) };
      case 'Publish':
        return { MessageId: this.#publish(this.#topicOf(params, region), readPublish(params)) };
      case 'PublishBatch':
        return this.#publishBatch(this.#topicOf(params, region), list(params, 'PublishBatchRequestEntries'));
      default:
        throw new ApiError('InvalidAction', `The local AWS has no sns:${action}`);
    }
  }

  #topicOf(params: unknown, region: string): Topic {
    const arn = text(params, 'TopicArn') ?? text(params, 'TargetArn') ?? '';
    const [, partition, service, topicRegion] = arn.split(':');
    if (partition === undefined || service !== 'sns' || topicRegion !== region) {
      throw new ApiError('InvalidParameter', 'Invalid parameter: TopicArn');
    }
    const topic = this.#topics.byArn(arn);
    if (topic === undefined) throw new ApiError('NotFound', 'Topic does not exist', 404);
    return topic;
  }

  #publish(topic: Topic, publish: Publish): string {
    const { message, subject } = publish;
    const attempt = this.#ids.count(`publish ${topic.arn} ${hexOf(32, message)}`);
    const refusal = this.#faults.refuses({ topicArn: topic.arn, subject, message, attempt });
    if (refusal !== undefined) {
      throw new ApiError(refusal, 'The local AWS was told to refuse this', refusal === 'InternalError' ? 500 : 400);
    }
    const messageId = this.#ids.uuid('notification');
    this.#topics.deliver(topic, messageId, publish);
    return messageId;
  }

  #publishBatch(topic: Topic, entries: readonly unknown[]): Wire {
    if (entries.length === 0)
      throw new ApiError('EmptyBatchRequest', 'There should be at least one entry in the request.');
    if (entries.length > MAX_BATCH) {
      throw new ApiError('TooManyEntriesInBatchRequest', `Maximum number of entries per request are ${MAX_BATCH}.`);
    }
    const Successful: Wire[] = [];
    const Failed: Wire[] = [];
    let bytes = 0;
    for (const entry of entries) {
      const Id = text(entry, 'Id') ?? '';
      try {
        const publish = readPublish(entry);
        bytes += sizeOf(publish);
        if (bytes > MAX_BATCH_BYTES) throw new ApiError('BatchRequestTooLong', 'The batch is too long');
        Successful.push({ Id, MessageId: this.#publish(topic, publish) });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code === 'BatchRequestTooLong') throw error;
        Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: error.status < 500 });
      }
    }
    return { Successful, Failed };
  }
}
