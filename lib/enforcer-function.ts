import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { toEnvironment } from '../lambda/config.ts';
import { acknowledgeRole } from './acknowledgements.ts';
import type { Settings } from './settings.ts';
import { BATCH_WINDOW, FUNCTION_TIMEOUT } from './timing.ts';
import type { Topics } from './topics.ts';

export interface EnforcerFunctionProps {
  readonly code: Code;
  readonly settings: Settings;
  readonly topics: Topics;
  readonly workQueue: IQueue;
  readonly deadLetters: IQueue;
}

/** The one function, with its log, its role and its place at the work queue. */
export class EnforcerFunction extends LambdaFunction {
  public constructor(scope: Construct, id: string, props: EnforcerFunctionProps) {
    const { settings, topics, workQueue, deadLetters } = props;
    const role = new Role(scope, `${id}Role`, {
      description: 'Looks at EC2 instances and, in mode enforce, requires IMDSv2 tokens on them',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: settings.logRetentionDays,
      // The record of what was changed outlives the stack, until its retention ends. A failed first deployment leaves nothing.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    super(scope, id, {
      description: 'Requires IMDSv2 tokens on the instances that events name, and tells the security team',
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: FUNCTION_TIMEOUT,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: toEnvironment({
        mode: settings.mode,
        existing: settings.existing,
        trail: settings.trail !== 'none',
        exemptionHorizonDays: settings.exemptionHorizonDays,
        outcomesTopicArn: topics.outcomes.topicArn,
        workQueueUrl: workQueue.queueUrl,
      }),
      // Lambda tries three times within minutes; throttled events wait up to six hours, the longest there is.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(deadLetters),
    });

    logGroup.grantWrite(role);
    topics.outcomes.grantPublish(role);
    topics.key.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey*');
    workQueue.grantConsumeMessages(role);
    // Sightings, and alerts that SNS refused.
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [workQueue.queueArn] }));
    ec2Statements(Stack.of(this), settings).forEach((statement) => role.addToPolicy(statement));
    acknowledgeRole(role, instances(Stack.of(this)));

    new EventSourceMapping(scope, 'WorkQueueSource', {
      target: this,
      eventSourceArn: workQueue.queueArn,
      batchSize: 200,
      maxBatchingWindow: BATCH_WINDOW,
      reportBatchItemFailures: true,
      // Every batch draws on the account's EC2 request rate.
      maxConcurrency: 2,
    });
  }
}

/**
 * In `audit` the change is not allowed; the denies stay, and cost nothing. It comes last, so that a diff between the modes shows
 * one statement and moves no other.
 */
function ec2Statements(stack: Stack, { mode, roleGuard }: Settings): readonly PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] }),
    ...(roleGuard === 'on' ? ROLE_GUARD : []).map(
      ({ sid, conditions }) =>
        new PolicyStatement({ sid, effect: Effect.DENY, actions: [MODIFY], resources: ['*'], conditions }),
    ),
    ...(mode === 'enforce' ? [new PolicyStatement({ actions: [MODIFY], resources: [instances(stack)] })] : []),
  ];
}

const MODIFY = 'ec2:ModifyInstanceMetadataOptions';

/**
 * `ec2:Attribute/…` is what the request asks for, `ec2:MetadataHttpEndpoint` what the instance has now. Negated operators also
 * match an absent key; never use the `…IfExists` forms here, they would let through a request that does not say.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-instance-metadata
 */
const ROLE_GUARD = [
  { sid: 'DenyOptionalTokens', conditions: { StringNotEquals: { 'ec2:Attribute/HttpTokens': 'required' } } },
  { sid: 'DenySwitchingImdsOff', conditions: { StringEquals: { 'ec2:Attribute/HttpEndpoint': 'disabled' } } },
  { sid: 'DenySwitchingImdsOn', conditions: { StringEquals: { 'ec2:MetadataHttpEndpoint': 'disabled' } } },
];

/** Every region: the function works in the region of the event. */
function instances(stack: Stack): string {
  return stack.formatArn({ service: 'ec2', region: '*', resource: 'instance', resourceName: '*' });
}
