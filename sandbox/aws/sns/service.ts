import type { Faults } from '../simulation/faults.ts';
import { hexOf, type Ids } from '../simulation/ids.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { page } from '../wire/pages.ts';
import { flag, list, type Params, text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { type Publish, readPublish, sizeOf } from './message.ts';
import { attributesOf, subscriptionAttributes, subscriptionShape } from './shape.ts';
import type { Subscription, Topic, Topics } from './topics.ts';

// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
const MAX_BATCH = 10;
/** https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html */
const PAGE = 100;
const MAX_BATCH_BYTES = 256 * 1024;

/** The SNS actions that the product, its tests and its scenarios use. */
export class SnsService implements Service {
  readonly #topics: Topics;
  readonly #ids: Ids;
  readonly #faults: Faults;

  public constructor(topics: Topics, ids: Ids, faults: Faults) {
    this.#topics = topics;
    this.#ids = ids;
    this.#faults = faults;
  }

  public handle({ action, params, region }: ApiCall): ResponseValue {
    switch (action) {
      case 'CreateTopic':
        return { TopicArn: this.#topics.create(region, text(params, 'Name') ?? '').arn };
      case 'ListTopics':
        return { Topics: this.#topics.all().map(({ arn }) => ({ TopicArn: arn })) };
      case 'Publish':
        return { MessageId: this.#publish(this.#topicOf(params, region), readPublish(params)) };
      case 'PublishBatch':
        return this.#publishBatch(this.#topicOf(params, region), list(params, 'PublishBatchRequestEntries'));
      case 'GetTopicAttributes':
        return { Attributes: attributesOf(this.#topicOf(params, region)) };
      case 'ListSubscriptionsByTopic':
        return this.#subscriptions(this.#topicOf(params, region), params);
      case 'Subscribe':
        return this.#subscribe(this.#topicOf(params, region), params);
      case 'ConfirmSubscription':
        return this.#confirm(this.#topicOf(params, region), params);
      case 'DeleteTopic':
        this.#topics.delete(this.#topicOf(params, region));
        return {};
      case 'SetTopicAttributes': {
        const topic = this.#topicOf(params, region);
        if (text(params, 'AttributeName') !== 'Policy') throw new ApiError('InvalidParameter', 'Invalid parameter');
        topic.policy = text(params, 'AttributeValue');
        return {};
      }
      case 'GetSubscriptionAttributes': {
        const { topic, subscription } = this.#subscriptionOf(params);
        return { Attributes: subscriptionAttributes(subscription, topic.arn) };
      }
      case 'SetSubscriptionAttributes': {
        const { subscription } = this.#subscriptionOf(params);
        if (text(params, 'AttributeName') === 'FilterPolicy') {
          const json = text(params, 'AttributeValue') ?? '';
          subscription.filterPolicy = json === '' || json === '{}' ? undefined : json;
        }
        return {};
      }
      case 'Unsubscribe': {
        const { topic, subscription } = this.#subscriptionOf(params);
        topic.subscriptions.splice(topic.subscriptions.indexOf(subscription), 1);
        return {};
      }
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

  #subscriptionOf(params: Params): { readonly topic: Topic; readonly subscription: Subscription } {
    const found = this.#topics.subscription(text(params, 'SubscriptionArn') ?? '');
    if (found === undefined) throw new ApiError('NotFound', 'Subscription does not exist', 404);
    return found;
  }

  #subscriptions(topic: Topic, params: Params): ResponseValue {
    const { items, nextToken } = page(topic.subscriptions, PAGE, text(params, 'NextToken'), 'InvalidParameter');
    return { Subscriptions: items.map((item) => subscriptionShape(item, topic.arn)), NextToken: nextToken };
  }

  #subscribe(topic: Topic, params: Params): ResponseValue {
    const [protocol = '', endpoint = ''] = [text(params, 'Protocol'), text(params, 'Endpoint')];
    if (protocol === '' || endpoint === '') throw new ApiError('InvalidParameter', 'Invalid parameter: Endpoint');
    const { arn, confirmed } = this.#topics.subscribe(topic, protocol, endpoint);
    const returnsArn = confirmed || text(params, 'ReturnSubscriptionArn') === 'true';
    return { SubscriptionArn: returnsArn ? arn : 'pending confirmation' };
  }

  #confirm(topic: Topic, params: Params): ResponseValue {
    const token = text(params, 'Token');
    const subscription = topic.subscriptions.find((other) => other.token === token);
    if (subscription === undefined) throw new ApiError('InvalidParameter', 'Invalid token');
    subscription.confirmed = true;
    subscription.authenticated = flag(params, 'AuthenticateOnUnsubscribe');
    return { SubscriptionArn: subscription.arn };
  }

  #publish(topic: Topic, publish: Publish): string {
    const { message, subject } = publish;
    const attempt = this.#ids.count(`publish ${topic.arn} ${hexOf(32, message)}`);
    const refusal = this.#faults.refuses({ topicArn: topic.arn, subject, message, attempt });
    if (refusal !== undefined) {
      throw new ApiError(refusal, 'Injected by the faults of the sandbox', refusal === 'InternalError' ? 500 : 400);
    }
    const messageId = this.#ids.uuid('notification');
    this.#topics.deliver(topic, messageId, publish);
    return messageId;
  }

  #publishBatch(topic: Topic, entries: readonly unknown[]): ResponseValue {
    if (entries.length === 0)
      throw new ApiError('EmptyBatchRequest', 'There should be at least one entry in the request.');
    if (entries.length > MAX_BATCH) {
      throw new ApiError('TooManyEntriesInBatchRequest', `Maximum number of entries per request are ${MAX_BATCH}.`);
    }
    const Successful: ResponseValue[] = [];
    const Failed: ResponseValue[] = [];
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
