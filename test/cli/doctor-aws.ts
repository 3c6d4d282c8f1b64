import { CloudFormationClient, DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import { GetFunctionCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { main } from '../../cli/main.ts';
import { BUS_RULES } from '../../lambda/triggers/index.ts';
import { ACCOUNT, INSTANCE, REGION } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';

/** The services that `doctor` and `test-alert` call. */
export const services = {
  cloudformation: mockClient(CloudFormationClient),
  cloudtrail: mockClient(CloudTrailClient),
  events: mockClient(EventBridgeClient),
  lambda: mockClient(LambdaClient),
  sns: mockClient(SNSClient),
  sqs: mockClient(SQSClient),
  logs: mockClient(CloudWatchLogsClient),
  ec2: mockClient(EC2Client),
};

export const TRAIL = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/management`;
export const FUNCTION = 'Imdsv2Enforcer-EnforcerFunction-AbCdEf';
export const NOTIFY = 'Imdsv2Enforcer-EnforcerNotifierFunction-AbCdEf';
export const SCAN = 'Imdsv2Enforcer-EnforcerScanFunction-AbCdEf';
export const FUNCTION_ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${FUNCTION}`;
export const MAPPING = '0a1b2c3d-1111-2222-3333-444455556666';
const queueArn = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
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
  ['EnforcerFunction52B99202', 'AWS::Lambda::Function', FUNCTION],
  ['EnforcerWorkQueue0A1B2C3D', 'AWS::SQS::Queue', queueUrl('WorkQueue')],
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

/** Sets outputs, status or resources of the stack. */
export function setStack({
  outputs = OUTPUTS,
  status = 'UPDATE_COMPLETE' as const,
  resources = RESOURCES,
}: {
  readonly outputs?: Readonly<Record<string, string>>;
  readonly status?: 'UPDATE_COMPLETE' | 'UPDATE_IN_PROGRESS' | 'ROLLBACK_COMPLETE' | 'UPDATE_ROLLBACK_COMPLETE';
  readonly resources?: typeof RESOURCES;
} = {}): void {
  const stack = {
    StackName: 'Imdsv2Enforcer',
    StackId: `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/Imdsv2Enforcer/0a1b`,
    StackStatus: status,
    CreationTime: new Date(0),
    Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
  };
  const summaries = resources.map(([LogicalResourceId, ResourceType, PhysicalResourceId]) => ({
    LogicalResourceId,
    ResourceType,
    PhysicalResourceId,
    LastUpdatedTimestamp: new Date(0),
    ResourceStatus: 'CREATE_COMPLETE' as const,
  }));
  const { cloudformation } = services;
  cloudformation.on(DescribeStacksCommand).resolves({ Stacks: [stack] });
  // Two pages, so that a test fails if the second one is not requested.
  cloudformation
    .on(ListStackResourcesCommand)
    .resolves({ StackResourceSummaries: summaries.slice(0, 3), NextToken: 'more' })
    .on(ListStackResourcesCommand, { NextToken: 'more' })
    .resolves({ StackResourceSummaries: summaries.slice(3) });
}

/** A subscription as SNS lists it. */
export const subscription = (endpoint: string, state = 'arn:aws:sns:x:y:z:1') => ({
  SubscriptionArn: state,
  Protocol: 'email',
  Endpoint: endpoint,
});

/** The response to a ping in a healthy deployment. */
export const RESPONSE = {
  mode: 'enforce',
  instanceId: INSTANCE,
  required: { verdict: 'allowed', message: 'DryRunOperation' },
  optional: { verdict: 'denied', message: 'UnauthorizedOperation' },
};

/** Sets the log line with which the function responds to the ping; `undefined` for none. */
export function respondWith(response: object | undefined): void {
  const { events, logs } = services;
  let nonce: unknown;
  events.on(PutEventsCommand).callsFake(({ Entries: [entry] }: { Entries: { Detail: string }[] }) => {
    ({ nonce } = JSON.parse(entry?.Detail ?? '{}') as { nonce: unknown });
    return { Entries: [{ EventId: 'e-1' }], FailedEntryCount: 0 };
  });
  logs.on(FilterLogEventsCommand).callsFake(() => {
    const line = JSON.stringify({ message: 'ping answered', nonce, ...response });
    const otherLines = [`START ${String(nonce)}`, JSON.stringify({ message: 'not understood', nonce })];
    return { events: [...otherLines, ...(response === undefined ? [] : [line])].map((message) => ({ message })) };
  });
}

/** Sets up a healthy deployment. */
export function healthy(): void {
  for (const service of Object.values(services)) service.reset();
  const { cloudtrail, events, lambda, sns, sqs, ec2 } = services;
  setStack();
  cloudtrail
    .on(DescribeTrailsCommand)
    .resolves({ trailList: [{ TrailARN: TRAIL, IsMultiRegionTrail: true, HomeRegion: 'us-east-1' }] })
    .on(GetTrailStatusCommand)
    .resolves({ IsLogging: true })
    .on(GetEventSelectorsCommand)
    .resolves({ EventSelectors: [{ IncludeManagementEvents: true, ReadWriteType: 'WriteOnly' }] });
  events.on(DescribeRuleCommand).resolves({ State: 'ENABLED' });
  events.on(ListTargetsByRuleCommand).callsFake(({ Rule }: { Rule: string }) => {
    const queues: Readonly<Record<string, string>> = {
      [ruleName('Schedule')]: 'ScanQueue.fifo',
      [ruleName('Urgent')]: 'UrgentQueue',
      [ruleName('Drain')]: 'UrgentQueue',
      [ruleName('Summary')]: 'SummaryQueue',
    };
    const queue = queues[Rule] ?? 'WorkQueue';
    return { Targets: [{ Id: 'Target0', Arn: queueArn(queue) }] };
  });
  lambda
    .on(GetFunctionCommand)
    .resolves({
      Configuration: { State: 'Active', LastUpdateStatus: 'Successful', Role: `arn:aws:iam::${ACCOUNT}:role/role-1` },
    })
    .on(ListEventSourceMappingsCommand)
    .resolves({ EventSourceMappings: [{ UUID: MAPPING, State: 'Enabled', EventSourceArn: queueArn('WorkQueue') }] })
    .on(ListEventSourceMappingsCommand, { FunctionName: NOTIFY })
    .resolves({
      EventSourceMappings: [{ UUID: 'notify', State: 'Enabled', EventSourceArn: queueArn('UrgentQueue') }],
    })
    .on(ListEventSourceMappingsCommand, { FunctionName: SCAN })
    .resolves({ EventSourceMappings: [{ UUID: 'scan', State: 'Enabled', EventSourceArn: OUTPUTS.ScanQueueArn }] });
  sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [subscription('security@example.com')] });
  sqs.on(GetQueueAttributesCommand).resolves({
    Attributes: {
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesDelayed: '3',
      ApproximateNumberOfMessagesNotVisible: '0',
    },
  });
  ec2.on(DescribeInstancesCommand).resolves({
    Reservations: [
      {
        Instances: [
          { InstanceId: 'i-0managed0000000a', Operator: { Managed: true, Principal: 'eks.amazonaws.com' } },
          { InstanceId: INSTANCE },
        ],
      },
    ],
  });
  respondWith(RESPONSE);
}

/** An error as the SDK throws it. */
export const awsError = (name: string, message = 'no') => Object.assign(new Error(message), { name });

interface CheckResult {
  readonly check: string;
  readonly level: string;
  readonly text: string;
  readonly action?: string;
}

/** Runs `imdsv2 doctor`. */
export async function doctor(...args: readonly string[]) {
  const { io, out, notes, pauses } = recordingIo();
  const exitCode = await main(['doctor', '--region', REGION, ...args], io);
  return { exitCode, out, notes, pauses };
}

/** Runs `imdsv2 doctor --json` and returns the results that are not ok. */
export async function findings(...args: readonly string[]) {
  const { exitCode, out } = await doctor('--json', ...args);
  const { results: all } = JSON.parse(out.join('\n')) as { results: readonly CheckResult[] };
  return { exitCode, found: all.filter(({ level }) => level !== 'ok') };
}
