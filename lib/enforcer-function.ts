import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
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
import { grantEc2 } from './ec2-permissions.ts';
import { configOf } from './environment.ts';
import type { Settings } from './settings.ts';
import { BATCH_WINDOW, FUNCTION_TIMEOUT } from './timing.ts';
import type { Topics } from './topics.ts';

/** What the function that handles events is connected to. */
export interface EnforcerFunctionProps {
  readonly code: Code;
  readonly settings: Settings;
  readonly topics: Topics;
  readonly workQueue: IQueue;
  readonly deadLetterQueue: IQueue;
}

/** The function that handles events, with its role, its log group and its event source mapping. */
export class EnforcerFunction extends LambdaFunction {
  public constructor(scope: Construct, id: string, props: EnforcerFunctionProps) {
    const { settings, topics, workQueue, deadLetterQueue } = props;
    const role = new Role(scope, `${id}Role`, {
      description: 'Describes EC2 instances and, in mode enforce, requires IMDSv2 on them',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: settings.logRetentionDays,
      // The log records what was changed, so it is retained after the stack. A failed first deployment leaves nothing
      // behind.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    super(scope, id, {
      description:
        'Requires IMDSv2 on instances that launch with IMDSv1 or on which it is re-enabled, and publishes alerts',
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: FUNCTION_TIMEOUT,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: toEnvironment(configOf(settings, topics, workQueue)),
      // Lambda retries errors twice within minutes, and throttled events for up to six hours, its maximum.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(deadLetterQueue),
    });

    logGroup.grantWrite(role);
    topics.outcomes.grantPublish(role);
    topics.key.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey*');
    workQueue.grantConsumeMessages(role);
    // Findings, post-change checks, undelivered alerts and remaining targets.
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [workQueue.queueArn] }));
    // IMDSv1 usage, before an existing instance is remediated and after any remediation.
    role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }));
    grantEc2(role, settings, { changes: settings.mode === 'enforce' });

    new EventSourceMapping(scope, 'WorkQueueSource', {
      target: this,
      eventSourceArn: workQueue.queueArn,
      batchSize: 200,
      maxBatchingWindow: BATCH_WINDOW,
      reportBatchItemFailures: true,
      // All batches share the account's EC2 request quota.
      maxConcurrency: 2,
    });
  }
}
