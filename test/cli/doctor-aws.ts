import { CloudFormationClient, DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudTrailClient,
  DescribeTrailsCommand,
  LookupEventsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeInstancesCommand, DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import {
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { main } from '../../cli/main.ts';
import { ACCOUNT, INSTANCE, REGION } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';
import {
  configurationOf,
  MAPPING,
  NOTIFY,
  OPEN,
  OUTPUTS,
  queueArn,
  RESOURCES,
  ruleName,
  ruleOf,
  SCAN,
  TRAIL,
} from './doctor-stack.ts';

/** The services that `doctor` and `test-alert` call. */
export const services = {
  cloudformation: mockClient(CloudFormationClient),
  cloudtrail: mockClient(CloudTrailClient),
  events: mockClient(EventBridgeClient),
  iam: mockClient(IAMClient),
  kms: mockClient(KMSClient),
  lambda: mockClient(LambdaClient),
  sns: mockClient(SNSClient),
  sqs: mockClient(SQSClient),
  logs: mockClient(CloudWatchLogsClient),
  ec2: mockClient(EC2Client),
};

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
  cloudtrail.on(LookupEventsCommand).resolves({ Events: [] });
  events.on(DescribeRuleCommand).callsFake(({ Name }: { Name: string }) => ({ State: 'ENABLED', ...ruleOf(Name) }));
  events.on(ListTargetsByRuleCommand).callsFake(({ Rule }: { Rule: string }) => {
    const queues: Readonly<Record<string, string>> = {
      [ruleName('Schedule')]: 'ScanQueue.fifo',
      [ruleName('Health')]: 'ScanQueue.fifo',
      [ruleName('Urgent')]: 'UrgentQueue',
      [ruleName('Drain')]: 'UrgentQueue',
      [ruleName('Summary')]: 'SummaryQueue',
    };
    const queue = queues[Rule] ?? 'WorkQueue';
    return { Targets: [{ Id: 'Target0', Arn: queueArn(queue) }] };
  });
  const enabled = (queue: string) => ({ UUID: MAPPING, State: 'Enabled', EventSourceArn: queueArn(queue) });
  lambda
    .on(GetFunctionConfigurationCommand)
    .callsFake(({ FunctionName }: { FunctionName: string }) => configurationOf(FunctionName))
    .on(GetFunctionConcurrencyCommand)
    .resolves({})
    .on(ListEventSourceMappingsCommand)
    .resolves({ EventSourceMappings: [enabled('WorkQueue'), enabled('CheckQueue')] })
    .on(ListEventSourceMappingsCommand, { FunctionName: NOTIFY })
    .resolves({ EventSourceMappings: [enabled('UrgentQueue')] })
    .on(ListEventSourceMappingsCommand, { FunctionName: SCAN })
    .resolves({ EventSourceMappings: [enabled('ScanQueue.fifo'), enabled('GivenUpQueue')] });
  services.iam
    .on(GetRoleCommand)
    .callsFake(({ RoleName }: { RoleName: string }) => ({
      Role: {
        RoleName,
        Arn: `arn:aws:iam::${ACCOUNT}:role/${RoleName}`,
        AssumeRolePolicyDocument: encodeURIComponent(OPEN),
      },
    }))
    .on(SimulatePrincipalPolicyCommand)
    .callsFake(({ ActionNames }: { ActionNames: string[] }) => ({
      EvaluationResults: ActionNames.map((EvalActionName) => ({ EvalActionName, EvalDecision: 'allowed' })),
    }));
  services.kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: 'key-1', KeyState: 'Enabled' } });
  services.kms.on(GetKeyPolicyCommand).resolves({ Policy: OPEN });
  sns
    .on(GetTopicAttributesCommand)
    .resolves({ Attributes: { Policy: OPEN } })
    .on(GetSubscriptionAttributesCommand)
    .resolves({ Attributes: { ConfirmationWasAuthenticated: 'true' } });
  ec2.on(DescribeRegionsCommand).resolves({ Regions: [{ RegionName: REGION }] });
  sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [subscription('security@example.com')] });
  sqs.on(GetQueueAttributesCommand).resolves({
    Attributes: {
      Policy: OPEN,
      RedrivePolicy: JSON.stringify(
        ['GivenUpQueue', 'DeadLetterQueue', 'ScanDeadLetterQueue.fifo', 'NotifierDeadLetterQueue'].map(queueArn),
      ),
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
