import { Aws, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';
import { Imdsv2Enforcer, type Imdsv2EnforcerProps } from './imdsv2-enforcer.ts';

/** The props of a stack and of the `Imdsv2Enforcer` in it. */
export interface EnforcerStackProps extends Omit<StackProps, keyof Settings>, Imdsv2EnforcerProps {}

/** A stack with one `Imdsv2Enforcer`. Its outputs are what the runbook and `imdsv2 doctor` need. */
export class EnforcerStack extends Stack {
  /** The construct in the stack. */
  public readonly enforcer: Imdsv2Enforcer;

  public constructor(scope: Construct, id: string, props: EnforcerStackProps) {
    super(scope, id, {
      description:
        'imdsv2-enforcer: requires IMDSv2 on EC2 instances that launch with IMDSv1 or on which it is re-enabled',
      // Without the CDK's metadata resource and its condition for every region.
      analyticsReporting: false,
      ...props,
      // The settings of these names are applied by the construct.
      permissionsBoundary: undefined,
      tags: undefined,
    });
    this.enforcer = new Imdsv2Enforcer(this, 'Enforcer', props);
    const {
      outcomesTopic,
      operationsTopic,
      chatTopic,
      workQueue,
      checkQueue,
      deadLetterQueue,
      function: enforcer,
      scan,
      notifier,
      outcomeBusArn,
      settings,
    } = this.enforcer;
    const outputs: Record<string, readonly [value: string, description: string]> = {
      OutcomesTopicArn: [outcomesTopic.topicArn, 'Topic of alerts and digests; subscribe the security team'],
      OperationsTopicArn: [operationsTopic.topicArn, 'Topic of alarms about the deployment; subscribe its operators'],
      FunctionName: [enforcer.functionName, 'Function that handles events'],
      LogGroupName: [enforcer.logGroup.logGroupName, 'Log group of the function that handles events'],
      WorkQueueUrl: [workQueue.queueUrl, 'Work queue'],
      WorkQueueArn: [workQueue.queueArn, 'Work queue'],
      CheckQueueUrl: [checkQueue.queueUrl, 'Queue of post-change checks'],
      DeadLetterQueueUrl: [deadLetterQueue.queueUrl, 'Dead-letter queue of events'],
      DeadLetterQueueArn: [deadLetterQueue.queueArn, 'Dead-letter queue of events'],
      RedriveCommand: [redrive(deadLetterQueue, workQueue), 'Moves the dead-letter queue to the work queue'],
      ScanFunctionName: [scan.function.functionName, 'Function that scans'],
      ScanLogGroupName: [scan.function.logGroup.logGroupName, 'Log group of the function that scans'],
      ScanQueueUrl: [scan.queue.queueUrl, 'Queue of scan steps'],
      ScanQueueArn: [scan.queue.queueArn, 'Queue of scan steps'],
      ScanDeadLetterQueueUrl: [scan.deadLetterQueue.queueUrl, 'Dead-letter queue of scan steps'],
      ScanDeadLetterQueueArn: [scan.deadLetterQueue.queueArn, 'Dead-letter queue of scan steps'],
      ScanRedriveCommand: [redrive(scan.deadLetterQueue, scan.queue), 'Moves the dead-letter queue of scan steps back'],
      OutcomeBusArn: [outcomeBusArn, 'Event bus on which outcomes are put'],
      NotifierFunctionName: [notifier.function.functionName, 'Function that sends alerts'],
      NotifierLogGroupName: [notifier.function.logGroup.logGroupName, 'Log group of the function that sends alerts'],
      UrgentQueueUrl: [notifier.urgentQueue.queueUrl, 'Queue of events that are notified at once'],
      SummaryQueueUrl: [notifier.summaryQueue.queueUrl, 'Queue of events that are notified together'],
      NotifierDeadLetterQueueUrl: [notifier.deadLetterQueue.queueUrl, 'Dead-letter queue of events to notify'],
      NotifierRedriveCommand: [
        redrive(notifier.deadLetterQueue, notifier.urgentQueue),
        'Moves the dead-letter queue of events to notify back',
      ],
      ...(chatTopic && { ChatTopicArn: [chatTopic.topicArn, 'Topic for Amazon Q Developer in chat applications'] }),
      ScanEveryHours: [String(settings.scanEveryHours), 'Setting scanEveryHours'],
      AlertSummaryMinutes: [String(settings.alertSummaryMinutes), 'Setting alertSummaryMinutes'],
      Mode: [settings.mode, 'Setting mode'],
      Existing: [settings.existing, 'Setting existing'],
      ...(settings.enforceSince !== undefined && { EnforceSince: [settings.enforceSince, 'Setting enforceSince'] }),
      ...(settings.ownerTag !== undefined && { OwnerTag: [settings.ownerTag, 'Setting ownerTag'] }),
      Trail: [settings.trail, 'Setting trail'],
      RoleGuard: [settings.roleGuard, 'Setting roleGuard'],
      ...(settings.regions.length > 1 && { Regions: [settings.regions.join(','), 'Setting regions'] }),
    };
    for (const [name, [value, description]] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value, description });
    }
  }
}

const redrive = (from: IQueue, to: IQueue): string =>
  `aws sqs start-message-move-task --region ${Aws.REGION} --source-arn ${from.queueArn} --destination-arn ${to.queueArn}`;
