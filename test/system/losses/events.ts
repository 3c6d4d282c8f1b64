import {
  DeleteTrailCommand,
  PutEventSelectorsCommand,
  StopLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  DeleteEventBusCommand,
  DisableRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { BUS, FORWARDER_DEAD_LETTER_QUEUE, forwarderRule } from '../../../lambda/contract.ts';
import type { LossId } from '../../../lambda/core/losses.ts';
import { HOME, OTHER, type Row } from './mallory.ts';

const RULES = [
  'RulesLaunch',
  'RulesRunning',
  'RulesPing',
  'ScanSchedule',
  'ScanHealth',
  'NotifierUrgent',
  'NotifierDrain',
];

/** Ways to lose rules, event bus, trail and queues. */
export const EVENT_LOSSES = {
  'rule-deleted': [
    ...RULES.map((path): Row => [path, (aws) => aws.deleteRule(aws.named(path))]),
    ['of the bus', (aws) => aws.deleteRule('Launch', HOME, BUS)],
    ['of a forwarder', (aws) => aws.deleteRule(forwarderRule('Launch'), OTHER)],
  ],
  'rule-disabled': [
    ...RULES.map((path): Row => [path, (aws) => aws.events().send(new DisableRuleCommand({ Name: aws.named(path) }))]),
    ['of the bus', (aws) => aws.events().send(new DisableRuleCommand({ Name: 'Drift', EventBusName: BUS }))],
    ['of a forwarder', (aws) => aws.events(OTHER).send(new DisableRuleCommand({ Name: forwarderRule('Drift') }))],
  ],
  'rule-changed': [
    [
      'a pattern',
      (aws) =>
        aws.events().send(new PutRuleCommand({ Name: aws.named('RulesDrift'), EventPattern: '{"source":["x"]}' })),
    ],
    [
      'a schedule',
      (aws) =>
        aws.events().send(new PutRuleCommand({ Name: aws.named('ScanSchedule'), ScheduleExpression: 'rate(30 days)' })),
    ],
    [
      'of alerts',
      (aws) =>
        aws.events().send(new PutRuleCommand({ Name: aws.named('NotifierUrgent'), EventPattern: '{"source":["x"]}' })),
    ],
    [
      'of a forwarder',
      (aws) =>
        aws.events(OTHER).send(new PutRuleCommand({ Name: forwarderRule('Launch'), EventPattern: '{"source":["x"]}' })),
    ],
  ],
  'rule-target': [
    ['removed', (aws) => aws.removeTargets(aws.named('RulesLaunch'))],
    [
      'replaced',
      async (aws) => {
        const Arn = 'arn:aws:sqs:us-east-1:111122223333:elsewhere';
        await aws.removeTargets(aws.named('NotifierSummary'));
        await aws
          .events()
          .send(new PutTargetsCommand({ Rule: aws.named('NotifierSummary'), Targets: [{ Id: 'x', Arn }] }));
      },
    ],
    ['of a forwarder', (aws) => aws.removeTargets(forwarderRule('Launch'), OTHER)],
  ],
  'bus-deleted': [['the bus', (aws) => aws.events().send(new DeleteEventBusCommand({ Name: BUS }))]],
  'bus-policy': [
    [
      'removed',
      (aws) => aws.events().send(new RemovePermissionCommand({ EventBusName: BUS, RemoveAllPermissions: true })),
    ],
  ],
  'trail-missing': [
    ['deleted', (aws) => aws.cloudtrail().send(new DeleteTrailCommand({ Name: 'management-events' }))],
    [
      'of one Region only',
      (aws) => aws.cloudtrail().send(new UpdateTrailCommand({ Name: 'management-events', IsMultiRegionTrail: false })),
    ],
  ],
  'trail-stopped': [['stopped', (aws) => aws.cloudtrail().send(new StopLoggingCommand({ Name: 'management-events' }))]],
  'trail-selectors': [
    ['no management events', (aws) => aws.select({ IncludeManagementEvents: false })],
    ['read-only', (aws) => aws.select({ ReadWriteType: 'ReadOnly' })],
    [
      'read-only, advanced',
      (aws) =>
        aws.cloudtrail().send(
          new PutEventSelectorsCommand({
            TrailName: 'management-events',
            AdvancedEventSelectors: [
              {
                FieldSelectors: [
                  { Field: 'eventCategory', Equals: ['Management'] },
                  { Field: 'readOnly', Equals: ['true'] },
                ],
              },
            ],
          }),
        ),
    ],
  ],
  'queue-deleted': [
    ...['WorkQueue', 'ScanQueue', 'NotifierUrgentQueue', 'NotifierSummaryQueue', 'DeadLetterQueue'].map((path): Row => [
      path,
      (aws) => aws.sqs().send(new DeleteQueueCommand({ QueueUrl: aws.named(path) })),
    ]),
    [
      'of a forwarder',
      (aws) =>
        aws.sqs(OTHER).send(new DeleteQueueCommand({ QueueUrl: aws.queueIn(OTHER, FORWARDER_DEAD_LETTER_QUEUE) })),
    ],
  ],
  'queue-policy': [
    ...['WorkQueue', 'ScanQueue', 'NotifierUrgentQueue', 'DeadLetterQueue'].map((path): Row => [
      path,
      (aws) => aws.setQueue(aws.named(path), { Policy: '' }),
    ]),
    [
      'denied',
      (aws) =>
        aws.setQueue(aws.named('NotifierSummaryQueue'), {
          Policy: JSON.stringify({
            Statement: [
              { Effect: 'Allow', Principal: '*', Action: 'sqs:*', Resource: '*' },
              { Effect: 'Deny', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:*', Resource: '*' },
            ],
          }),
        }),
    ],
  ],
  'queue-redrive': [['WorkQueue', (aws) => aws.setQueue(aws.named('WorkQueue'), { RedrivePolicy: '' })]],
  'dead-letter-messages': [
    ...['DeadLetterQueue', 'NotifierDeadLetterQueue'].map((path): Row => [
      path,
      (aws) => aws.sqs().send(new SendMessageCommand({ QueueUrl: aws.named(path), MessageBody: 'x' })),
    ]),
    [
      'of a forwarder',
      (aws) =>
        aws
          .sqs(OTHER)
          .send(
            new SendMessageCommand({ QueueUrl: aws.queueIn(OTHER, FORWARDER_DEAD_LETTER_QUEUE), MessageBody: 'x' }),
          ),
    ],
  ],
} satisfies Readonly<Partial<Record<LossId, readonly Row[]>>>;
