/** Names and resources of the stack that `doctor-aws.ts` simulates. */
import {
  HEALTH_SCHEDULE,
  outcomePattern,
  scanSchedule,
  severitiesBy,
  summarySchedule,
} from '../../lambda/core/schedules.ts';
import { BUS_RULES } from '../../lambda/triggers/index.ts';
import { ACCOUNT, REGION } from '../support/builders.ts';

export const TRAIL = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/management`;
export const FUNCTION = 'Imdsv2Enforcer-EnforcerFunction-AbCdEf';
export const NOTIFY = 'Imdsv2Enforcer-EnforcerNotifierFunction-AbCdEf';
export const SCAN = 'Imdsv2Enforcer-EnforcerScanFunction-AbCdEf';
export const FUNCTION_ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${FUNCTION}`;
export const MAPPING = '0a1b2c3d-1111-2222-3333-444455556666';
export const queueArn = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
const queueUrl = (name: string) => `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
export const topicArn = (name: string) => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;

export const OUTPUTS: Readonly<Record<string, string>> = {
  FunctionName: FUNCTION,
  LogGroupName: 'enforcer-log',
  OutcomesTopicArn: topicArn('Outcomes'),
  OperationsTopicArn: topicArn('Operations'),
  WorkQueueUrl: queueUrl('WorkQueue'),
  WorkQueueArn: queueArn('WorkQueue'),
  DeadLetterQueueUrl: queueUrl('DeadLetterQueue'),
  RedriveCommand: 'aws sqs start-message-move-task --redrive',
  ScanQueueUrl: queueUrl('ScanQueue.fifo'),
  ScanQueueArn: queueArn('ScanQueue.fifo'),
  ScanDeadLetterQueueUrl: queueUrl('ScanDeadLetterQueue.fifo'),
  ScanRedriveCommand: 'aws sqs start-message-move-task --scan',
  OutcomeBusArn: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`,
  UrgentQueueUrl: queueUrl('UrgentQueue'),
  SummaryQueueUrl: queueUrl('SummaryQueue'),
  NotifierDeadLetterQueueUrl: queueUrl('NotifierDeadLetterQueue'),
  NotifierRedriveCommand: 'aws sqs start-message-move-task --notifier',
  AlertSummaryMinutes: '15',
  ScanEveryHours: '6',
  Mode: 'enforce',
  Existing: 'audit',
  Trail: 'existing',
  RoleGuard: 'on',
};

/** The physical id of a rule. */
export const ruleName = (ruleId: string) => `Imdsv2Enforcer-EnforcerRules${ruleId}-XYZ`;

export const RESOURCES: readonly (readonly [logicalId: string, type: string, physicalId: string])[] = [
  ...BUS_RULES.map(({ ruleId }) => [`EnforcerRules${ruleId}0A1B2C3D`, 'AWS::Events::Rule', ruleName(ruleId)] as const),
  ['EnforcerScanSchedule0A1B2C3D', 'AWS::Events::Rule', ruleName('Schedule')],
  ['EnforcerScanHealth0A1B2C3D', 'AWS::Events::Rule', ruleName('Health')],
  ['EnforcerCheckQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('CheckQueue')],
  ...['Function', 'ScanFunction', 'NotifierFunction'].map(
    (path) => [`Enforcer${path}Role0A1B2C3D`, 'AWS::IAM::Role', `role-${path}`] as const,
  ),
  ...['WorkQueueSource', 'CheckQueueSource', 'ScanSource', 'ScanGivenUpSource', 'NotifierSource'].map(
    (path) => [`Enforcer${path}0A1B2C3D`, 'AWS::Lambda::EventSourceMapping', MAPPING] as const,
  ),
  ['EnforcerTopicsOutcomes0A1B2C3D', 'AWS::SNS::Topic', topicArn('Outcomes')],
  ['EnforcerTopicsOperations0A1B2C3D', 'AWS::SNS::Topic', topicArn('Operations')],
  ['EnforcerTopicsKey0A1B2C3D', 'AWS::KMS::Key', 'key-1'],
  ['EnforcerFunction52B99202', 'AWS::Lambda::Function', FUNCTION],
  ['EnforcerWorkQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('WorkQueue')],
  ['EnforcerGivenUpQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('GivenUpQueue')],
  ['EnforcerDeadLetterQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('DeadLetterQueue')],
  ['EnforcerScanFunction0A1B2C3D', 'AWS::Lambda::Function', SCAN],
  ['EnforcerScanQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('ScanQueue.fifo')],
  ['EnforcerScanDeadLetterQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('ScanDeadLetterQueue.fifo')],
  ...['Urgent', 'Summary', 'Drain'].map(
    (id) => [`EnforcerNotifier${id}0A1B2C3D`, 'AWS::Events::Rule', ruleName(id)] as const,
  ),
  ['EnforcerNotifierFunction0A1B2C3D', 'AWS::Lambda::Function', NOTIFY],
  ['EnforcerNotifierUrgentQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('UrgentQueue')],
  ['EnforcerNotifierSummaryQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('SummaryQueue')],
  ['EnforcerNotifierDeadLetterQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('NotifierDeadLetterQueue')],
];

/** A policy that allows everything. */
export const OPEN = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] });

/** The pattern or the schedule of a rule. */
export function ruleOf(name: string): { readonly EventPattern?: string; readonly ScheduleExpression?: string } {
  const { urgent, summary } = severitiesBy(15);
  const schedules: Readonly<Record<string, string>> = {
    Schedule: scanSchedule(6),
    Health: HEALTH_SCHEDULE,
    Drain: summarySchedule(15),
  };
  const id = /EnforcerRules(\w+)-XYZ$/.exec(name)?.[1] ?? '';
  if (schedules[id] !== undefined) return { ScheduleExpression: schedules[id] };
  const trigger = BUS_RULES.find(({ ruleId }) => ruleId === id);
  const pattern =
    trigger === undefined
      ? outcomePattern(ACCOUNT, id === 'Urgent' ? urgent : summary)
      : { ...trigger.pattern, account: [ACCOUNT], ...(id === 'Ping' && { resources: [FUNCTION_ARN] }) };
  return { EventPattern: JSON.stringify(pattern) };
}

/** The configuration of a function in a healthy deployment. */
export function configurationOf(name: string) {
  const path = { [SCAN]: 'ScanFunction', [NOTIFY]: 'NotifierFunction' }[name] ?? 'Function';
  const shared = { IMDSV2_MODE: 'enforce', IMDSV2_EXISTING: 'audit', IMDSV2_OUTCOME_BUS_ARN: OUTPUTS.OutcomeBusArn };
  const queues = { IMDSV2_WORK_QUEUE_URL: queueUrl('WorkQueue'), IMDSV2_CHECK_QUEUE_URL: queueUrl('CheckQueue') };
  const Variables =
    path === 'NotifierFunction'
      ? { IMDSV2_OUTCOMES_TOPIC_ARN: topicArn('Outcomes'), IMDSV2_SUMMARY_QUEUE_URL: queueUrl('SummaryQueue') }
      : {
          ...shared,
          ...queues,
          IMDSV2_SCAN_QUEUE_URL: queueUrl('ScanQueue.fifo'),
          IMDSV2_DEAD_LETTER_QUEUE_URL: queueUrl('DeadLetterQueue'),
        };
  const Role = `arn:aws:iam::${ACCOUNT}:role/role-${path}`;
  return { State: 'Active', LastUpdateStatus: 'Successful', Role, Environment: { Variables } };
}
