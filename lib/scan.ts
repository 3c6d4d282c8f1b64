import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
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
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { scansMayChange, toScanEnvironment } from '../lambda/config.ts';
import { HEALTH_MESSAGE } from '../lambda/contract.ts';
import { HEALTH_SCHEDULE, scanSchedule } from '../lambda/core/schedules.ts';
import { acknowledgeWideReads } from './acknowledgements.ts';
import { grantEc2 } from './ec2-permissions.ts';
import { LAUNCH_SOURCE_READS } from '../lambda/core/prevention/inventory.ts';
import { configOf } from './environment.ts';
import type { Settings } from './settings.ts';
import { DELIVERY, SCAN_TIMEOUT } from './timing.ts';

/** What the scan is connected to. */
export interface ScanProps {
  readonly code: Code;
  readonly settings: Settings;
  readonly workQueue: IQueue;
  readonly checkQueue: IQueue;
  readonly givenUpQueue: IQueue;
  readonly deadLetterQueue: IQueue;
}

/**
 * The scheduled scan of every instance in every region.
 *
 * The steps of a region are one message group of a FIFO queue, so they run in order, and a run that takes longer than
 * the period of the schedule delays the next run instead of overlapping with it.
 */
export class Scan extends Construct {
  /** Handles the steps of scans. */
  public readonly function: LambdaFunction;
  /** The role of the function. */
  public readonly role: Role;
  /** The steps of scans; FIFO. */
  public readonly queue: Queue;
  /** Steps that failed in all attempts. Redrive it to `queue`. */
  public readonly deadLetterQueue: Queue;

  public constructor(scope: Construct, id: string, props: ScanProps) {
    super(scope, id);
    const { settings, workQueue, checkQueue, givenUpQueue, deadLetterQueue } = props;
    const [, ...forwarders] = settings.regions;
    const config = configOf(this, settings, props);
    const encrypted = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      ...encrypted,
      fifo: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      ...encrypted,
      fifo: true,
      // EventBridge sends its messages without a deduplication id.
      contentBasedDeduplication: true,
      // Not six times the timeout: if the function crashes, the steps of the region wait this long. With batches of
      // one, no step is received while it is still running.
      visibilityTimeout: SCAN_TIMEOUT.plus(Duration.minutes(1)),
      // The remediation of 100,000 instances in one region takes nine hours.
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 5 },
    });
    new Rule(this, 'Schedule', {
      description: 'Starts a scan of every instance',
      schedule: Schedule.expression(scanSchedule(settings.scanEveryHours)),
      targets: [
        new SqsQueue(this.queue, {
          messageGroupId: 'start',
          deadLetterQueue,
          ...DELIVERY,
        }),
      ],
    });

    new Rule(this, 'Health', {
      description: 'Checks the deployment',
      schedule: Schedule.expression(HEALTH_SCHEDULE),
      targets: [
        new SqsQueue(this.queue, {
          message: RuleTargetInput.fromObject(HEALTH_MESSAGE),
          // A group of its own, so that it does not wait for the steps of a region.
          messageGroupId: 'health',
          deadLetterQueue,
          // The next one comes soon enough.
          maxEventAge: Duration.minutes(10),
          retryAttempts: DELIVERY.retryAttempts,
        }),
      ],
    });

    const role = (this.role = new Role(this, 'FunctionRole', {
      description: 'Describes every EC2 instance and, with existing=enforce* or enforceSince, requires IMDSv2 on them',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    }));
    const logGroup = new LogGroup(this, 'FunctionLogs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Scans every instance, and remediates existing instances as configured',
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: SCAN_TIMEOUT,
      // A batch that needs more time than an invocation has sends what is left to the queue that it came from.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: toScanEnvironment({
        ...config,
        scanQueueUrl: this.queue.queueUrl,
        deadLetterQueueUrl: deadLetterQueue.queueUrl,
        stackName: Aws.STACK_NAME,
        forwarders,
      }),
    });
    logGroup.grantWrite(role);
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [config.outcomeBusArn] }));
    this.queue.grantConsumeMessages(role);
    givenUpQueue.grantConsumeMessages(role);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        resources: [this.queue, workQueue, checkQueue, deadLetterQueue].map(({ queueArn }) => queueArn),
      }),
    );
    // What was given up is sent again.
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage'],
        resources: [deadLetterQueue.queueArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          'ec2:DescribeRegions',
          ...LAUNCH_SOURCE_READS,
          // For the source addresses of calls.
          'ec2:DescribeNatGateways',
          'cloudwatch:GetMetricData',
          // For the rules of other regions.
          'events:ListRules',
        ],
        resources: ['*'],
      }),
    );
    grantEc2(role, settings, { changes: scansMayChange(config) });
    acknowledgeWideReads(role);

    new EventSourceMapping(this, 'Source', {
      target: this.function,
      eventSourceArn: this.queue.queueArn,
      batchSize: 1,
      // Regions in parallel. A new account may have a quota of ten concurrent executions in total.
      maxConcurrency: 3,
    });
    new EventSourceMapping(this, 'GivenUpSource', {
      target: this.function,
      eventSourceArn: givenUpQueue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: 2,
    });
  }
}
