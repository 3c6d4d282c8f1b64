import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { DescribeKeyCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { allows } from '../../core/resource-policy.ts';
import { passesUrgent } from '../../core/subscription-filter.ts';
import { type Check, checkEach, type HomeContext, unlessMissing } from './context.ts';

const check = 'subscriptions';
const ALARMS = 'cloudwatch.amazonaws.com';

/** The topics and who receives their messages. */
export const topics: Check<HomeContext> = {
  name: check,
  run: async (context) => {
    const results = await Promise.all(
      (['Outcomes', 'Operations'] as const).map((name) =>
        checkEach(check, [name], (topic) => checkTopic(topic, context), {
          healthy: ok(check, `${name}: confirmed subscriptions receive its messages`),
          explain: context.explain,
        }),
      ),
    );
    return results.flat();
  },
};

/** Subscriptions of a topic. */
export interface Subscribers {
  /** Each as protocol and endpoint: `email security@example.com`. */
  readonly confirmed: readonly string[];
  /** Not confirmed yet: they receive nothing. */
  readonly pending: readonly string[];
  /** ARNs of the confirmed ones. */
  readonly arns: readonly string[];
}

/** Reads the subscriptions of a topic. */
export async function subscribersOf(TopicArn: string, client: SNSClient): Promise<Subscribers> {
  const [confirmed, pending, arns]: [string[], string[], string[]] = [[], [], []];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
    for (const { SubscriptionArn = '', Protocol = '', Endpoint = '' } of Subscriptions) {
      // Deleted subscriptions stay listed for three days.
      if (SubscriptionArn === 'Deleted') continue;
      const isPending = SubscriptionArn === 'PendingConfirmation';
      (isPending ? pending : confirmed).push(`${Protocol} ${Endpoint}`);
      if (!isPending) arns.push(SubscriptionArn);
    }
  }
  return { confirmed, pending, arns };
}

async function checkTopic(name: 'Outcomes' | 'Operations', context: HomeContext): Promise<readonly HealthResult[]> {
  const { region, account, parts, clients } = context;
  const TopicArn = parts.id('AWS::SNS::Topic', `Topics${name}`);
  const place = { check, region, names: [TopicArn] };
  const topic = await unlessMissing(clients.topics.send(new GetTopicAttributesCommand({ TopicArn })));
  if (topic === undefined)
    return [lost('topic-deleted', { ...place, text: `topic ${name} was deleted outside CloudFormation` })];
  const keys = { 'aws:sourceaccount': account, 'aws:securetransport': 'true' };
  const request = { principal: ALARMS, action: 'sns:Publish', resource: TopicArn, keys };
  const silenced =
    name === 'Operations' && !allows(topic.Attributes?.Policy, request)
      ? [lost('topic-policy', { ...place, text: 'the policy of the topic Operations does not let alarms publish' })]
      : [];
  return [...silenced, ...(await checkSubscriptions(name, TopicArn, context))];
}

async function checkSubscriptions(
  name: 'Outcomes' | 'Operations',
  topicArn: string,
  { region, account, settings, clients }: HomeContext,
): Promise<readonly HealthResult[]> {
  const place = { check, region, names: [topicArn] };
  const { confirmed, pending, arns } = await subscribersOf(topicArn, clients.topics);
  const none = `${name}: no confirmed subscription`;
  const confirm = confirmCommand(topicArn);
  if (confirmed.length === 0 && pending.length === 0) {
    // CloudFormation believes that a subscription which was removed still exists, so a deployment does not create it.
    const action = `aws sns subscribe --region ${region} --topic-arn ${topicArn} --protocol email --notification-endpoint ADDRESS; then ${confirm}`;
    return [lost('no-subscription', { ...place, text: `${none}: no one receives its messages`, action })];
  }
  const listed = pending.join(', ');
  if (confirmed.length === 0)
    return [
      lost('subscription-pending', {
        ...place,
        text: `${none}; not confirmed: ${listed}`,
        action: `confirm: ${confirm}`,
      }),
    ];
  const attributes = await Promise.all(
    arns.map(async (SubscriptionArn) => {
      const command = new GetSubscriptionAttributesCommand({ SubscriptionArn });
      return (await unlessMissing(clients.topics.send(command)))?.Attributes ?? {};
    }),
  );
  const regions = [region, ...settings.forwarders];
  const isHeard = attributes.some(
    ({ FilterPolicy, FilterPolicyScope }) =>
      FilterPolicy === undefined ||
      (name === 'Outcomes' && FilterPolicyScope !== 'MessageBody' && passesUrgent(FilterPolicy, { account, regions })),
  );
  const open = attributes.flatMap(({ ConfirmationWasAuthenticated }, index) =>
    ConfirmationWasAuthenticated === 'false' ? [[confirmed[index] ?? '', arns[index] ?? ''] as const] : [],
  );
  const results: HealthResult[] = [];
  if (!isHeard) {
    const what = name === 'Outcomes' ? 'alerts of HIGH or CRITICAL' : 'alarms';
    const text = `${name}: the filter policies of all subscriptions drop ${what}`;
    results.push(lost('subscription-filter', { ...place, text }));
  }
  if (pending.length > 0) {
    const text = `${name}: ${confirmed.length} confirmed; not confirmed: ${listed}`;
    results.push(lost('subscription-some-pending', { ...place, text, action: `confirm or remove: ${confirm}` }));
  }
  for (const [subscriber, arn] of open) {
    const text = `${name}: ${subscriber} was confirmed by its link, so that anyone who gets an alert can end it`;
    const action = `aws sns unsubscribe --region ${region} --subscription-arn ${arn}; subscribe again, then ${confirm}`;
    results.push(lost('subscription-open', { ...place, text, action }));
  }
  return results;
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

/** The key of the topics. */
export const key: Check<HomeContext> = {
  name: 'key',
  run: (context) =>
    checkEach('key', [context.parts.id('AWS::KMS::Key', 'TopicsKey')], (id) => checkKey(id, context), {
      healthy: ok('key', 'the key of the topics is enabled, and alarms may use it'),
      explain: context.explain,
    }),
};

async function checkKey(KeyId: string, { region, account, clients }: HomeContext): Promise<readonly HealthResult[]> {
  const place = { check: 'key', region, names: [KeyId] };
  const effect = 'nothing can be published to the topics';
  const found = await unlessMissing(clients.keys.send(new DescribeKeyCommand({ KeyId })));
  const state = found?.KeyMetadata?.KeyState;
  if (found === undefined || state === 'PendingDeletion' || state === 'PendingReplicaDeletion') {
    const text = `the key of the topics is ${found === undefined ? 'deleted' : 'pending deletion'}: ${effect}`;
    const action = `aws kms cancel-key-deletion --region ${region} --key-id ${KeyId}; aws kms enable-key --region ${region} --key-id ${KeyId}`;
    return [lost('key-deletion', found === undefined ? { ...place, text } : { ...place, text, action })];
  }
  if (state !== 'Enabled') {
    const action = `aws kms enable-key --region ${region} --key-id ${KeyId}`;
    return [lost('key-disabled', { ...place, text: `the key of the topics is disabled: ${effect}`, action })];
  }
  const { Policy } = await clients.keys.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
  const mayUse = ['kms:Decrypt', 'kms:GenerateDataKey'].every((action) =>
    allows(Policy, { principal: ALARMS, action, resource: '*', keys: { 'aws:sourceaccount': account } }),
  );
  if (mayUse) return [];
  return [lost('key-policy', { ...place, text: 'the policy of the key does not let alarms use it: alarms are lost' })];
}
