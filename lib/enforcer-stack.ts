import { Aws, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
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
    const { outcomesTopic, operationsTopic, workQueue, deadLetters, function: enforcer } = this.enforcer;
    const outputs: Record<string, readonly [value: string, description: string]> = {
      OutcomesTopicArn: [outcomesTopic.topicArn, 'What became of instances; subscribe the security team'],
      OperationsTopicArn: [operationsTopic.topicArn, 'Alarms about the product itself'],
      FunctionName: [enforcer.functionName, 'The function'],
      WorkQueueUrl: [workQueue.queueUrl, 'Work that waits'],
      WorkQueueArn: [workQueue.queueArn, 'Work that waits'],
      DeadLettersUrl: [deadLetters.queueUrl, 'What could not be delivered or done'],
      DeadLettersArn: [deadLetters.queueArn, 'What could not be delivered or done'],
      RedriveCommand: [
        `aws sqs start-message-move-task --region ${Aws.REGION} --source-arn ${deadLetters.queueArn} --destination-arn ${workQueue.queueArn}`,
        'Gives the dead letters another try',
      ],
    };
    for (const [name, [value, description]] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value, description });
    }
  }
}
