import { DeleteAlarmsCommand, DisableAlarmActionsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { DisableKeyCommand, PutKeyPolicyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  ConfirmSubscriptionCommand,
  DeleteTopicCommand,
  SetTopicAttributesCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import type { LossId } from '../../../lambda/core/losses.ts';
import { NOTHING, type Row } from './mallory.ts';

/** Ways to lose topics, key and alarms. */
export const ALERT_LOSSES = {
  'topic-deleted': ['TopicsOutcomes', 'TopicsOperations'].map((path) => [
    path,
    (aws) => aws.sns().send(new DeleteTopicCommand({ TopicArn: aws.named(path) })),
  ]),
  'topic-policy': [
    [
      'TopicsOperations',
      (aws) =>
        aws.sns().send(
          new SetTopicAttributesCommand({
            TopicArn: aws.named('TopicsOperations'),
            AttributeName: 'Policy',
            AttributeValue: NOTHING,
          }),
        ),
    ],
  ],
  'no-subscription': ['TopicsOutcomes', 'TopicsOperations'].map((path) => [
    path,
    (aws) => aws.sns().send(new UnsubscribeCommand({ SubscriptionArn: aws.subscriptionOf(path) })),
  ]),
  'subscription-pending': [
    [
      'TopicsOutcomes',
      async (aws) => {
        await aws.sns().send(new UnsubscribeCommand({ SubscriptionArn: aws.subscriptionOf('TopicsOutcomes') }));
        await aws.subscribe('other@example.com');
      },
    ],
  ],
  'subscription-some-pending': [['TopicsOutcomes', (aws) => aws.subscribe('other@example.com')]],
  'subscription-open': [
    [
      'TopicsOutcomes',
      async (aws) => {
        await aws.subscribe('other@example.com');
        const TopicArn = aws.named('TopicsOutcomes');
        const Token = aws.tokenOf('TopicsOutcomes');
        await aws.sns().send(new ConfirmSubscriptionCommand({ TopicArn, Token }));
      },
    ],
  ],
  'subscription-filter': [
    ['alerts', (aws) => aws.filter('TopicsOutcomes', { severity: ['CRITICAL'] })],
    ['alarms', (aws) => aws.filter('TopicsOperations', { severity: ['HIGH', 'CRITICAL'] })],
  ],
  'key-disabled': [['disabled', (aws) => aws.kms().send(new DisableKeyCommand({ KeyId: aws.named('TopicsKey') }))]],
  'key-deletion': [
    ['scheduled', (aws) => aws.kms().send(new ScheduleKeyDeletionCommand({ KeyId: aws.named('TopicsKey') }))],
  ],
  'key-policy': [
    ['replaced', (aws) => aws.kms().send(new PutKeyPolicyCommand({ KeyId: aws.named('TopicsKey'), Policy: NOTHING }))],
  ],
  'alarm-deleted': [
    [
      'deleted',
      (aws) => aws.alarms().send(new DeleteAlarmsCommand({ AlarmNames: [aws.named('MonitoringHealthFindings')] })),
    ],
  ],
  'alarm-actions': [
    [
      'disabled',
      (aws) =>
        aws.alarms().send(new DisableAlarmActionsCommand({ AlarmNames: [aws.named('MonitoringHealthFindings')] })),
    ],
    [
      'replaced',
      (aws) =>
        aws.alarms().send(
          new PutMetricAlarmCommand({
            AlarmName: aws.named('MonitoringHealthFindings'),
            AlarmActions: [],
            ComparisonOperator: 'GreaterThanThreshold',
            EvaluationPeriods: 1,
          }),
        ),
    ],
  ],
} satisfies Readonly<Partial<Record<LossId, readonly Row[]>>>;
