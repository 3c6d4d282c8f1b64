import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { EventBus, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { toNotifyEnvironment } from '../lambda/config.ts';
import type { Severity } from '../lambda/contract.ts';
import { outcomePattern, severitiesBy, summarySchedule } from '../lambda/core/schedules.ts';
import { acknowledgePublisher } from './acknowledgements.ts';
import type { Settings } from './settings.ts';
import { DELIVERY } from './timing.ts';
import type { Topics } from './topics.ts';

/** What the notifier is connected to. */
export interface NotifierProps {
  /** Directory of the built bundle. */
  readonly code: Code;
  readonly settings: Settings;
  readonly topics: Topics;
}

const TIMEOUT = Duration.seconds(90);

/**
 * Sends alerts: urgent ones at once, the others of a window together (docs/adr/0014).
 *
 * Nothing else of the product publishes. A slow or refusing SNS delays alerts, and no remediation.
 */
export class Notifier extends Construct {
  /** Sends the alerts. */
  public readonly function: LambdaFunction;
  /** Events that are notified at once, and the schedule of the summaries. */
  public readonly urgentQueue: Queue;
  /** Events that are notified together. */
  public readonly summaryQueue: Queue;
  /** Events that could not be notified. Redrive it to `urgentQueue`. */
  public readonly deadLetterQueue: Queue;

  public constructor(scope: Construct, id: string, props: NotifierProps) {
    super(scope, id);
    const { settings, topics } = props;
    const { alertSummaryMinutes, maxExemptionDays } = settings;
    const encrypted = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', { ...encrypted, retentionPeriod: Duration.days(14) });
    const queue = (queueId: string) =>
      new Queue(this, queueId, {
        ...encrypted,
        // Not six times the timeout: an alert that SNS refused is sent again after this time.
        visibilityTimeout: TIMEOUT.plus(Duration.seconds(30)),
        retentionPeriod: Duration.days(14),
        // Two hours without SNS; what cannot be read is not delivered again.
        deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 60 },
      });
    this.urgentQueue = queue('UrgentQueue');
    this.summaryQueue = queue('SummaryQueue');

    const role = new Role(this, 'FunctionRole', {
      description: 'Publishes alerts about the outcomes of imdsv2-enforcer',
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const logGroup = new LogGroup(this, 'FunctionLogs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Sends alerts about the outcomes of imdsv2-enforcer: urgent ones at once, the others together',
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: TIMEOUT,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: toNotifyEnvironment({
        maxExemptionDays,
        alertSummaryMinutes,
        outcomesTopicArn: topics.outcomes.topicArn,
        chatTopicArns: topics.chat === undefined ? [] : [topics.chat.topicArn],
        summaryQueueUrl: this.summaryQueue.queueUrl,
      }),
    });
    logGroup.grantWrite(role);
    topics.outcomes.grantPublish(role);
    topics.chat?.grantPublish(role);
    topics.key.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey*');
    acknowledgePublisher(role);
    this.urgentQueue.grantConsumeMessages(role);
    this.summaryQueue.grantConsumeMessages(role);
    // Alerts about a subject that was notified a moment ago.
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.summaryQueue.queueArn] }));
    // Who re-enabled IMDSv1 again and again. CloudTrail's event history has no resources.
    role.addToPolicy(new PolicyStatement({ actions: ['cloudtrail:LookupEvents'], resources: ['*'] }));

    new EventSourceMapping(this, 'Source', {
      target: this.function,
      eventSourceArn: this.urgentQueue.queueArn,
      batchSize: 100,
      // One alert about many events; a quarter of the minute within which it is promised.
      maxBatchingWindow: Duration.seconds(15),
      reportBatchItemFailures: true,
      // The least that Lambda accepts: fewer environments remember more of what was notified a moment ago.
      maxConcurrency: 2,
    });

    const { urgent, summary } = severitiesBy(alertSummaryMinutes);
    if (alertSummaryMinutes === 0) {
      this.rule('Urgent', 'Outcomes, all of which are notified at once', urgent, this.urgentQueue, props);
      return;
    }
    this.rule('Urgent', 'Outcomes that are notified at once', urgent, this.urgentQueue, props);
    this.rule('Summary', 'Outcomes that are notified together', summary, this.summaryQueue, props);
    new Rule(this, 'Drain', {
      description: 'Sends the alerts that are notified together',
      schedule: Schedule.expression(summarySchedule(alertSummaryMinutes)),
      targets: [new SqsQueue(this.urgentQueue, { ...DELIVERY, deadLetterQueue: this.deadLetterQueue })],
    });
  }

  private rule(
    id: string,
    description: string,
    severity: readonly Severity[],
    queue: Queue,
    props: NotifierProps,
  ): void {
    const { outcomeBusArn } = props.settings;
    const { 'detail-type': detailType, ...pattern } = outcomePattern(Stack.of(this).account, severity);
    const eventBus =
      outcomeBusArn === undefined ? undefined : EventBus.fromEventBusArn(this, `${id}Bus`, outcomeBusArn);
    new Rule(this, id, {
      eventBus,
      description,
      eventPattern: { detailType, ...pattern },
      targets: [new SqsQueue(queue, { ...DELIVERY, deadLetterQueue: this.deadLetterQueue })],
    });
  }
}
