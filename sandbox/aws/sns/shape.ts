import { Entries, type ResponseValue } from '../wire/xml.ts';
import type { Subscription, Topic } from './topics.ts';

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html */
export function attributesOf({ arn, displayName, subscriptions, policy }: Topic): ResponseValue {
  const confirmed = subscriptions.filter((subscription) => subscription.confirmed).length;
  return new Entries({
    TopicArn: arn,
    Owner: accountOf(arn),
    DisplayName: displayName ?? '',
    SubscriptionsConfirmed: String(confirmed),
    SubscriptionsPending: String(subscriptions.length - confirmed),
    SubscriptionsDeleted: '0',
    ...(policy === undefined ? {} : { Policy: policy }),
  });
}

/** https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html */
export const subscriptionAttributes = (subscription: Subscription, topicArn: string): ResponseValue =>
  new Entries({
    SubscriptionArn: subscription.arn,
    TopicArn: topicArn,
    Owner: accountOf(topicArn),
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    PendingConfirmation: String(!subscription.confirmed),
    ConfirmationWasAuthenticated: String(subscription.authenticated),
    RawMessageDelivery: 'false',
    ...(subscription.filterPolicy === undefined ? {} : { FilterPolicy: subscription.filterPolicy }),
  });

/** A subscription in responses. SNS does not return the ARN of one that is not confirmed. */
export const subscriptionShape = (
  { arn, protocol, endpoint, confirmed }: Subscription,
  topicArn: string,
): ResponseValue => ({
  SubscriptionArn: confirmed ? arn : 'PendingConfirmation',
  Owner: accountOf(topicArn),
  Protocol: protocol,
  Endpoint: endpoint,
  TopicArn: topicArn,
});
