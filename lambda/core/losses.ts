/**
 * Everything whose loss keeps an event from arriving, a change from being made or an alert from being received.
 *
 * The checks of `lambda/adapters/health` name a loss by its id; docs/health.md has the same list.
 */

/**
 * What happens without it: `no events` arrive, so that launches and drift are found late; there is `no view` of
 * instances, or of the state of the deployment; `no changes` are made; `no alerts` or alarms are received.
 */
type Effect = 'no events' | 'no view' | 'no changes' | 'no alerts';

/** A way to lose a part. */
export interface Loss {
  readonly effects: readonly Effect[];
  /** The part and what happened to it. */
  readonly what: string;
  /** What to do now. */
  readonly now: string;
  /**
   * The calls that cause it, as CloudTrail names them; empty if none does. CloudTrail completes the names of Lambda
   * calls with the version of the API: https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
   */
  readonly calls: readonly string[];
  /** A risk: nothing is lost yet, so it counts for the digest and `imdsv2 doctor`, not for the metric. */
  readonly risk?: true;
}

const DEPLOY_AGAIN = 'delete the stack and deploy it again';
const ANY: readonly Effect[] = ['no events', 'no view', 'no changes', 'no alerts'];

/** The losses that the checks find, by id. */
export const LOSSES = {
  'rule-deleted': {
    effects: ['no events', 'no view', 'no alerts'],
    what: 'an EventBridge rule or schedule was deleted',
    now: DEPLOY_AGAIN,
    calls: ['DeleteRule'],
  },
  'rule-disabled': {
    effects: ['no events', 'no view', 'no alerts'],
    what: 'an EventBridge rule or schedule is disabled',
    now: 'enable the rule',
    calls: ['DisableRule', 'PutRule'],
  },
  'rule-changed': {
    effects: ['no events', 'no view', 'no alerts'],
    what: 'the event pattern or the schedule of a rule was changed',
    now: DEPLOY_AGAIN,
    calls: ['PutRule'],
  },
  'rule-target': {
    effects: ['no events', 'no view', 'no alerts'],
    what: 'the target of a rule was removed or replaced',
    now: DEPLOY_AGAIN,
    calls: ['RemoveTargets', 'PutTargets'],
  },
  'bus-deleted': {
    effects: ['no events'],
    what: 'the event bus of the other Regions was deleted',
    now: DEPLOY_AGAIN,
    calls: ['DeleteEventBus'],
  },
  'bus-policy': {
    effects: ['no events'],
    what: 'the policy of that event bus does not admit the rules of a Region',
    now: DEPLOY_AGAIN,
    calls: ['RemovePermission', 'PutPermission'],
  },
  'trail-missing': {
    effects: ['no events'],
    what: 'no CloudTrail trail covers a monitored Region',
    now: 'create a trail that logs management events of every Region, or set trail=create and deploy',
    calls: ['DeleteTrail', 'UpdateTrail'],
  },
  'trail-stopped': {
    effects: ['no events'],
    what: 'the trail has logging off',
    now: 'start logging',
    calls: ['StopLogging'],
  },
  'trail-selectors': {
    effects: ['no events'],
    what: 'the event selectors of the trail, basic or advanced, leave out write calls of EC2',
    now: 'log write management events',
    calls: ['PutEventSelectors'],
  },
  'queue-deleted': { effects: ANY, what: 'a queue was deleted', now: DEPLOY_AGAIN, calls: ['DeleteQueue'] },
  'queue-policy': {
    effects: ['no events', 'no view', 'no alerts'],
    what: 'the policy of a queue does not let its rules send to it',
    now: DEPLOY_AGAIN,
    calls: ['SetQueueAttributes', 'RemovePermission', 'AddPermission'],
  },
  'queue-redrive': {
    effects: ['no view'],
    what: 'a queue has lost its dead-letter queue, so that what fails is lost without an alarm',
    now: DEPLOY_AGAIN,
    calls: ['SetQueueAttributes'],
  },
  'dead-letter-messages': {
    effects: ['no events', 'no changes', 'no alerts'],
    what: 'a dead-letter queue has messages',
    now: 'see the runbook, then redrive them',
    calls: [],
  },
  'mapping-deleted': {
    effects: ANY,
    what: 'the event source mapping of a queue was deleted',
    now: DEPLOY_AGAIN,
    calls: ['DeleteEventSourceMapping20150331', 'UpdateEventSourceMapping20150331'],
  },
  'mapping-disabled': {
    effects: ANY,
    what: 'the event source mapping of a queue is disabled',
    now: 'enable it',
    calls: ['UpdateEventSourceMapping20150331'],
  },
  'function-deleted': {
    effects: ANY,
    what: 'a function was deleted',
    now: DEPLOY_AGAIN,
    calls: ['DeleteFunction20150331'],
  },
  'function-stopped': {
    effects: ANY,
    what: 'the reserved concurrency of a function is 0',
    now: 'delete the reserved concurrency',
    calls: ['PutFunctionConcurrency20171031', 'PutFunctionConcurrency'],
  },
  'function-failed': { effects: ANY, what: 'the last update of a function failed', now: 'deploy again', calls: [] },
  'function-role': {
    effects: ANY,
    what: 'a function has another role',
    now: 'set the role of the stack again',
    calls: ['UpdateFunctionConfiguration20150331v2', 'UpdateFunctionConfiguration20150331'],
  },
  'function-environment': {
    effects: ANY,
    what: 'an environment variable of a function, such as its mode, is not that of the deployment',
    now: 'set the variable again, or deploy with a changed setting',
    calls: ['UpdateFunctionConfiguration20150331v2', 'UpdateFunctionConfiguration20150331'],
  },
  'role-deleted': { effects: ANY, what: 'a role was deleted', now: DEPLOY_AGAIN, calls: ['DeleteRole'] },
  'role-trust': {
    effects: ANY,
    what: 'Lambda or EventBridge may not assume a role',
    now: DEPLOY_AGAIN,
    calls: ['UpdateAssumeRolePolicy'],
  },
  'role-permissions': {
    effects: ANY,
    what: 'a role is not allowed what its function or its rules need',
    now: 'restore its policies: delete the stack and deploy it again, or correct the policy that denies it',
    calls: [
      'DeleteRolePolicy',
      'PutRolePolicy',
      'AttachRolePolicy',
      'DetachRolePolicy',
      'PutRolePermissionsBoundary',
      'DeleteRolePermissionsBoundary',
    ],
  },
  'region-not-visible': {
    effects: ['no view'],
    what: 'instances of a Region that the deployment promises to cover cannot be described',
    now: 'allow ec2:DescribeInstances in the Region, or remove it from the setting regions',
    calls: [],
  },
  'other-region-not-visible': {
    effects: ['no view'],
    what: 'instances of another enabled Region cannot be described',
    now: 'allow ec2:DescribeInstances there; nothing if a policy of the organization denies the Region',
    calls: [],
    risk: true,
  },
  'topic-deleted': { effects: ['no alerts'], what: 'a topic was deleted', now: DEPLOY_AGAIN, calls: ['DeleteTopic'] },
  'topic-policy': {
    effects: ['no alerts'],
    what: 'the policy of the topic Operations does not let alarms publish',
    now: DEPLOY_AGAIN,
    calls: ['SetTopicAttributes', 'RemovePermission', 'AddPermission'],
  },
  'no-subscription': {
    effects: ['no alerts'],
    what: 'a topic has no subscription, although CloudFormation may believe that it has',
    now: 'subscribe an address: a deployment does not bring back what was removed outside CloudFormation',
    calls: ['Unsubscribe'],
  },
  'subscription-pending': {
    effects: ['no alerts'],
    what: 'the only subscriptions of a topic are not confirmed',
    now: 'confirm them with the token in the mail',
    calls: ['Subscribe'],
  },
  'subscription-some-pending': {
    effects: ['no alerts'],
    what: 'some subscriptions of a topic are not confirmed',
    now: 'confirm or remove them',
    calls: ['Subscribe'],
    risk: true,
  },
  'subscription-open': {
    effects: ['no alerts'],
    what: 'a subscription was confirmed by the link, so that anyone with an alert can end it',
    now: 'unsubscribe, subscribe again, and confirm with credentials',
    calls: ['ConfirmSubscription'],
    risk: true,
  },
  'subscription-filter': {
    effects: ['no alerts'],
    what: 'filter policies drop alerts of HIGH or CRITICAL, or alarms, for every subscriber',
    now: 'correct the filter policy of a subscription',
    calls: ['SetSubscriptionAttributes'],
  },
  'key-disabled': {
    effects: ['no alerts'],
    what: 'the KMS key of the topics is disabled',
    now: 'enable the key',
    calls: ['DisableKey', 'CancelKeyDeletion'],
  },
  'key-deletion': {
    effects: ['no alerts'],
    what: 'the KMS key of the topics is pending deletion, or deleted',
    now: 'cancel the deletion and enable the key',
    calls: ['ScheduleKeyDeletion'],
  },
  'key-policy': {
    effects: ['no alerts'],
    what: 'the policy of the key does not let alarms use it',
    now: DEPLOY_AGAIN,
    calls: ['PutKeyPolicy'],
  },
  'alarm-deleted': {
    effects: ['no alerts'],
    what: 'an alarm was deleted',
    now: DEPLOY_AGAIN,
    calls: ['DeleteAlarms'],
  },
  'alarm-actions': {
    effects: ['no alerts'],
    what: 'the actions of an alarm are disabled, or do not notify the topic Operations',
    now: 'enable the actions, or deploy again',
    calls: ['DisableAlarmActions', 'PutMetricAlarm'],
  },
} as const satisfies Readonly<Record<string, Loss>>;

/** The id of a loss. */
export type LossId = keyof typeof LOSSES;
