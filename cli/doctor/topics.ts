import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import { type CheckResult, deleted, fail, ok, unlessMissing, warn } from './check-result.ts';
import type { ClientConfig, Deployment } from './deployment.ts';

export interface Subscribers {
  /** Each as protocol and endpoint: `email security@example.com`. */
  readonly confirmed: readonly string[];
  /** Not confirmed yet: they receive nothing. */
  readonly pending: readonly string[];
}

/** Reads the subscriptions of a topic. */
export async function subscribersOf(topicArn: string, config: ClientConfig): Promise<Subscribers> {
  const client = new SNSClient(config);
  const confirmed: string[] = [];
  const pending: string[] = [];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn })) {
    for (const { SubscriptionArn = '', Protocol = '', Endpoint = '' } of Subscriptions) {
      // Deleted subscriptions stay listed for three days.
      if (SubscriptionArn === 'Deleted') continue;
      (SubscriptionArn === 'PendingConfirmation' ? pending : confirmed).push(`${Protocol} ${Endpoint}`);
    }
  }
  return { confirmed, pending };
}

/** Checks that a topic exists and has a confirmed subscription. */
export async function checkTopic(
  name: 'Outcomes' | 'Operations',
  deployment: Deployment,
  config: ClientConfig,
): Promise<CheckResult[]> {
  const check = 'subscriptions';
  const topicArn = deployment.output(`${name}TopicArn`);
  const subscribers = await unlessMissing(subscribersOf(topicArn, config), /^NotFoundException$/);
  if (subscribers === undefined) return [deleted(check, `topic ${name}`)];
  const { confirmed, pending } = subscribers;
  const text = `${name}: ${confirmed.length === 0 ? 'no confirmed subscription' : `${confirmed.length} confirmed`}`;
  if (pending.length > 0) {
    const listed = `${text}; not confirmed: ${pending.join(', ')}`;
    const command = confirmCommand(topicArn);
    if (confirmed.length === 0) return [fail(check, listed, `confirm: ${command}`)];
    return [warn(check, listed, `confirm or remove: ${command}`)];
  }
  if (confirmed.length > 0) return [ok(check, text)];
  const setting = name === 'Outcomes' ? 'alertEmail' : 'operationsEmail';
  return [fail(check, text, `deploy with -c ${setting}=…, or subscribe to ${topicArn}`)];
}

/**
 * The command that confirms a subscription so that unsubscribing requires IAM permission.
 *
 * A subscription confirmed with the link in the email can be ended by anyone that an alert is forwarded to.
 * https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
 */
export function confirmCommand(topicArn: string): string {
  const region = topicArn.split(':')[3] ?? '';
  return `aws sns confirm-subscription --region ${region} --topic-arn ${topicArn} --authenticate-on-unsubscribe true --token TOKEN`;
}
