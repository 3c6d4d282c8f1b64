import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { toEnvironment } from '../lambda/config.ts';
import { grantEc2 } from './ec2-permissions.ts';
import { configOf } from './environment.ts';
import type { Settings } from './settings.ts';
import { BATCH_WINDOW, CHECK_WINDOW, FUNCTION_TIMEOUT } from './timing.ts';

/** What the function that handles events is connected to. */
export interface EnforcerFunctionProps {
  readonly code: Code;
  readonly settings: Settings;
  readonly workQueue: IQueue;
  readonly checkQueue: IQueue;
}

/** The function that handles events, with its role, its log group and its event source mappings. */
export class EnforcerFunction extends LambdaFunction {
  public constructor(scope: Construct, id: string, props: EnforcerFunctionProps) {
    const { settings, workQueue, checkQueue } = props;
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
    const config = configOf(scope, settings, props);
    super(scope, id, {
      description: 'Requires IMDSv2 on instances that launch with IMDSv1 or on which it is re-enabled',
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: FUNCTION_TIMEOUT,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: toEnvironment(config),
      // A change beyond EC2's request rate is handed back to the queue more often than the 16 times after which Lambda
      // would stop it. It ends by the age of the event, in lambda/app/hand-back.ts.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
    });

    logGroup.grantWrite(role);
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [config.outcomeBusArn] }));
    // Findings, what is handed back and post-change checks.
    const queues = [workQueue, checkQueue];
    role.addToPolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: queues.map(({ queueArn }) => queueArn) }),
    );
    // IMDSv1 usage, before an existing instance is remediated and after any remediation.
    role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }));
    // Which Auto Scaling group cannot launch: the record of a refused launch does not name it.
    role.addToPolicy(new PolicyStatement({ actions: ['autoscaling:DescribeScalingActivities'], resources: ['*'] }));
    grantEc2(role, settings, { changes: settings.mode === 'enforce' });

    for (const [sourceId, queue, maxBatchingWindow] of [
      ['WorkQueueSource', workQueue, BATCH_WINDOW],
      ['CheckQueueSource', checkQueue, CHECK_WINDOW],
    ] as const) {
      queue.grantConsumeMessages(role);
      new EventSourceMapping(scope, sourceId, {
        target: this,
        eventSourceArn: queue.queueArn,
        batchSize: 200,
        maxBatchingWindow,
        reportBatchItemFailures: true,
        // The minimum of Lambda. All batches share the account's EC2 request quota, and post-change checks delay no
        // event.
        maxConcurrency: 2,
      });
    }
  }
}
