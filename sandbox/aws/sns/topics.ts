import type { Clock } from '../simulation/clock.ts';
import { hexOf, uuidOf } from '../simulation/ids.ts';
import { chosenBody, type Publish, type PublishedMessage } from './message.ts';

/** A subscription to a topic. */
export interface Subscription {
  readonly arn: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** The token in the confirmation message. */
  readonly token: string;
  confirmed: boolean;
  /** Whether only its owner can end it: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html */
  authenticated: boolean;
  /** The JSON of its filter policy. The local AWS filters nothing. */
  filterPolicy?: string;
}

/** Protocols whose subscriptions must be confirmed. */
const TO_CONFIRM = ['email', 'email-json', 'http', 'https', 'sms'];
const TOKEN_LENGTH = 64;

/** A topic and all messages published to it. */
export interface Topic {
  readonly arn: string;
  readonly displayName?: string;
  /** The JSON of its policy; absent if it has none. */
  policy?: string;
  readonly subscriptions: Subscription[];
  readonly messages: PublishedMessage[];
}

/** All topics of the account. */
export class Topics {
  readonly #account: string;
  readonly #clock: Clock;
  readonly #byArn = new Map<string, Topic>();

  public constructor(account: string, clock: Clock) {
    this.#account = account;
    this.#clock = clock;
  }

  public create(region: string, name: string, displayName?: string): Topic {
    const arn = `arn:aws:sns:${region}:${this.#account}:${name}`;
    const topic: Topic = this.#byArn.get(arn) ?? { arn, displayName, subscriptions: [], messages: [] };
    this.#byArn.set(arn, topic);
    return topic;
  }

  /** Subscribes an endpoint, or returns its existing subscription. */
  public subscribe(topic: Topic, protocol: string, endpoint: string): Subscription {
    const existing = topic.subscriptions.find((other) => other.protocol === protocol && other.endpoint === endpoint);
    if (existing !== undefined) return existing;
    const arn = `${topic.arn}:${uuidOf(topic.arn, protocol, endpoint)}`;
    const confirmed = !TO_CONFIRM.includes(protocol);
    const token = hexOf(TOKEN_LENGTH, arn);
    const subscription = { arn, protocol, endpoint, token, confirmed, authenticated: confirmed };
    topic.subscriptions.push(subscription);
    return subscription;
  }

  /** Confirms the subscription of one endpoint, or of all, as `ConfirmSubscription` with credentials does. */
  public confirm(topic: Topic, endpoint?: string): void {
    for (const subscription of topic.subscriptions) {
      if (endpoint !== undefined && subscription.endpoint !== endpoint) continue;
      subscription.confirmed = subscription.authenticated = true;
    }
  }

  /** The topic of a subscription, and the subscription. */
  public subscription(arn: string): { readonly topic: Topic; readonly subscription: Subscription } | undefined {
    for (const topic of this.all()) {
      const subscription = topic.subscriptions.find((one) => one.arn === arn);
      if (subscription !== undefined) return { topic, subscription };
    }
    return undefined;
  }

  public delete(topic: Topic): void {
    this.#byArn.delete(topic.arn);
  }

  public all(): readonly Topic[] {
    return [...this.#byArn.values()];
  }

  public byArn(arn: string): Topic | undefined {
    return this.#byArn.get(arn);
  }

  /** The messages of all topics, oldest first. */
  public messages(): readonly PublishedMessage[] {
    return this.all()
      .flatMap(({ messages }) => messages)
      .sort((a, b) => a.at - b.at);
  }

  public deliver(topic: Topic, messageId: string, publish: Publish): void {
    const at = this.#clock.now();
    const { subject, attributes } = publish;
    topic.messages.push({
      at,
      messageId,
      topicArn: topic.arn,
      subject,
      attributes,
      raw: publish,
      email: {
        from: `${topic.displayName ?? 'AWS Notifications'} <no-reply@sns.amazonaws.com>`,
        subject: subject ?? 'AWS Notification Message',
        body: chosenBody(publish, 'email'),
      },
      json: {
        Type: 'Notification',
        MessageId: messageId,
        TopicArn: topic.arn,
        ...(subject === undefined ? {} : { Subject: subject }),
        Message: chosenBody(publish, 'sqs'),
        Timestamp: new Date(at).toISOString(),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, { DataType, StringValue }]) => [
            name,
            { Type: DataType, Value: StringValue },
          ]),
        ),
      },
    });
  }
}
