import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import type { ClientConfig, Deployment } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

/** The subscriptions of a topic. */
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
  const setting = name === 'Outcomes' ? 'alertEmail' : 'operationsEmail';
  const topicArn = deployment.output(`${name}TopicArn`);
  const subscribers = await subscribersOf(topicArn, config).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'NotFoundException') return undefined;
    throw error;
  });
  if (subscribers === undefined) {
    const action = 'delete the stack and deploy it again';
    return [{ check, level: 'fail', text: `topic ${name} was deleted outside CloudFormation`, action }];
  }
  const { confirmed, pending } = subscribers;
  const unconfirmed = pending.length === 0 ? '' : `; not confirmed: ${pending.join(', ')}`;
  if (confirmed.length === 0) {
    const action =
      pending.length === 0
        ? `deploy with -c ${setting}=…, or subscribe to ${topicArn}`
        : `confirm: ${confirmCommand(topicArn)}`;
    return [{ check, level: 'fail', text: `${name}: no confirmed subscription${unconfirmed}`, action }];
  }
  const text = `${name}: ${confirmed.length} confirmed${unconfirmed}`;
  if (pending.length === 0) return [{ check, level: 'ok', text }];
  return [{ check, level: 'warn', text, action: `confirm or remove: ${confirmCommand(topicArn)}` }];
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
