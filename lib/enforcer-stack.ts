import { Aws, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { Imdsv2Enforcer, type Imdsv2EnforcerProps } from './imdsv2-enforcer.ts';

export interface EnforcerStackProps extends StackProps, Imdsv2EnforcerProps {}

/** One `Imdsv2Enforcer`, and as outputs what the runbook and other tools ask for. */
export class EnforcerStack extends Stack {
  public readonly enforcer: Imdsv2Enforcer;

  public constructor(scope: Construct, id: string, props: EnforcerStackProps) {
    super(scope, id, {
      description: 'imdsv2-enforcer: switches IMDSv1 off on EC2 instances that start with it or are set back to it',
      // A metadata resource and a condition on every region would only make the template longer.
      analyticsReporting: false,
      ...props,
    });
    this.enforcer = new Imdsv2Enforcer(this, 'Enforcer', props);
    const {
      outcomesTopic,
      operationsTopic,
      workQueue,
      deadLetterQueue,
      function: enforcer,
      scan,
      settings,
    } = this.enforcer;
    const outputs: Record<string, readonly [value: string, description: string]> = {
      OutcomesTopicArn: [outcomesTopic.topicArn, 'What became of instances; subscribe the security team'],
      OperationsTopicArn: [operationsTopic.topicArn, 'Alarms about the product itself'],
      FunctionName: [enforcer.functionName, 'The function'],
      LogGroupName: [enforcer.logGroup.logGroupName, 'Its log'],
      WorkQueueUrl: [workQueue.queueUrl, 'Work that waits'],
      WorkQueueArn: [workQueue.queueArn, 'Work that waits'],
      DeadLetterQueueUrl: [deadLetterQueue.queueUrl, 'What could not be delivered or done'],
      DeadLetterQueueArn: [deadLetterQueue.queueArn, 'What could not be delivered or done'],
      RedriveCommand: [redrive(deadLetterQueue, workQueue), 'Gives the dead letters another try'],
      ScanFunctionName: [scan.function.functionName, 'The function of the scan'],
      ScanLogGroupName: [scan.function.logGroup.logGroupName, 'Its log'],
      ScanQueueUrl: [scan.queue.queueUrl, 'Steps of scans that wait'],
      ScanQueueArn: [scan.queue.queueArn, 'Steps of scans that wait'],
      ScanDeadLetterQueueUrl: [scan.deadLetterQueue.queueUrl, 'Steps of scans that could not be done'],
      ScanDeadLetterQueueArn: [scan.deadLetterQueue.queueArn, 'Steps of scans that could not be done'],
      ScanRedriveCommand: [redrive(scan.deadLetterQueue, scan.queue), 'Gives those steps another try'],
      Mode: [settings.mode, 'Setting: whether instances are changed or only told'],
      Existing: [settings.existing, 'Setting: what happens to instances that existed before'],
      Trail: [settings.trail, 'Setting: whether a trail feeds the event bus'],
      RoleGuard: [settings.roleGuard, 'Setting: whether denies keep the role from allowing IMDSv1'],
      ...(settings.regions.length > 1 && {
        Regions: [settings.regions.join(','), 'Setting: the regions to listen in, the home region first'],
      }),
    };
    for (const [name, [value, description]] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value, description });
    }
  }
}

const redrive = (from: IQueue, to: IQueue): string =>
  `aws sqs start-message-move-task --region ${Aws.REGION} --source-arn ${from.queueArn} --destination-arn ${to.queueArn}`;
