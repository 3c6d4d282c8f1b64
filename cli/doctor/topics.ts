import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import type { ClientConfig, Deployment } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

/** Who is subscribed to a topic. */
export interface Subscribers {
  /** `email security@example.com`, one for each. */
  readonly confirmed: readonly string[];
  /** Asked, and not answered yet: they receive nothing. */
  readonly pending: readonly string[];
}

/** Reads the subscriptions of a topic. Needs `sns:ListSubscriptionsByTopic`. */
export async function subscribersOf(topicArn: string, config: ClientConfig): Promise<Subscribers> {
  const client = new SNSClient(config);
  const confirmed: string[] = [];
  const pending: string[] = [];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn })) {
    for (const { SubscriptionArn = '', Protocol = '', Endpoint = '' } of Subscriptions) {
      // Those that were given up are still listed for three days.
      if (SubscriptionArn === 'Deleted') continue;
      (SubscriptionArn === 'PendingConfirmation' ? pending : confirmed).push(`${Protocol} ${Endpoint}`);
    }
  }
  return { confirmed, pending };
}

/** Whether the topics are there and somebody hears them. */
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
    const todo = 'delete the stack and deploy it again';
    return [{ check, level: 'fail', text: `the topic ${name} was deleted by hand`, todo }];
  }
  const { confirmed, pending } = subscribers;
  const waiting = pending.length === 0 ? '' : `; not confirmed: ${pending.join(', ')}`;
  if (confirmed.length === 0) {
    const todo =
      pending.length === 0
        ? `deploy with -c ${setting}=…, or subscribe to ${topicArn}`
        : `confirm: ${confirmCommand(topicArn)}`;
    return [{ check, level: 'fail', text: `${name}: nobody hears it${waiting}`, todo }];
  }
  const text = `${name}: ${confirmed.length} confirmed${waiting}`;
  if (pending.length === 0) return [{ check, level: 'ok', text }];
  return [{ check, level: 'warn', text, todo: `confirm, or remove them: ${confirmCommand(topicArn)}` }];
}

/**
 * The line that confirms a subscription so that only those with permission can end it. The link in the mail confirms it so that
 * everybody to whom an alert is forwarded can.
 */
export function confirmCommand(topicArn: string): string {
  const region = topicArn.split(':')[3] ?? '';
  return `aws sns confirm-subscription --region ${region} --topic-arn ${topicArn} --authenticate-on-unsubscribe true --token TOKEN`;
}
