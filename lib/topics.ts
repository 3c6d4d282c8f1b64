import { Annotations, Aspects, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** The topics of alerts, of operational alarms and of chat, and their KMS key. */
export class Topics extends Construct {
  /** Alerts and digests, for the security team. */
  public readonly outcomes: Topic;
  /** Alarms about the deployment itself, for its operators. */
  public readonly operations: Topic;
  /** Alerts in the form of Amazon Q Developer in chat applications, with `chat=amazon-q`. */
  public readonly chat?: Topic;
  /** Encrypts the topics. */
  public readonly key: Key;

  public constructor(
    scope: Construct,
    id: string,
    settings: Pick<Settings, 'alertEmail' | 'operationsEmail' | 'chat'>,
  ) {
    super(scope, id);
    // Not the AWS managed key: its policy cannot be changed, so CloudWatch alarms could not publish to the topics.
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    this.key = new Key(this, 'Key', {
      description: 'Encrypts the topics of imdsv2-enforcer',
      enableKeyRotation: true,
      // SNS stores no messages that would need the key after the topics are deleted.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    });
    this.outcomes = this.topic('Outcomes', 'IMDSv2 enforcer', settings.alertEmail);
    this.operations = this.topic('Operations', 'IMDSv2 enforcer operations', settings.operationsEmail);
    if (settings.chat === 'amazon-q') {
      this.chat = new Topic(this, 'Chat', {
        displayName: 'IMDSv2 enforcer chat',
        masterKey: this.key,
        enforceSSL: true,
      });
    }
    this.allowAlarms();
  }

  private topic(id: string, displayName: string, emails: readonly string[]): Topic {
    const topic = new Topic(this, id, { displayName, masterKey: this.key, enforceSSL: true });
    emails.forEach((email) => topic.addSubscription(new EmailSubscription(email)));
    // Checked by an aspect at synth, because an app may subscribe after it has created the construct.
    Aspects.of(topic).add({
      visit: (node) => {
        if (node === topic && !hasSubscription(topic)) {
          const key = id === 'Outcomes' ? 'alertEmail' : 'operationsEmail';
          Annotations.of(topic).addWarningV2(`imdsv2-enforcer:noSubscription${id}`, noSubscription(id, key));
        }
      },
    });
    return topic;
  }

  /** A topic policy replaces the default policy of SNS, which allows alarms of the account to publish. */
  private allowAlarms(): void {
    const alarms = {
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    };
    this.operations.addToResourcePolicy(
      new PolicyStatement({
        ...alarms,
        sid: 'AllowAlarms',
        actions: ['sns:Publish'],
        resources: [this.operations.topicArn],
      }),
    );
    this.key.addToResourcePolicy(
      new PolicyStatement({
        ...alarms,
        sid: 'AllowAlarms',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
      }),
    );
  }
}

function hasSubscription(topic: Topic): boolean {
  const stack = Stack.of(topic);
  const arn = JSON.stringify(stack.resolve(topic.topicArn));
  return stack.node
    .findAll()
    .some((node) => node instanceof CfnSubscription && JSON.stringify(stack.resolve(node.topicArn)) === arn);
}

const noSubscription = (id: string, key: string): string =>
  `The topic ${id} has no subscription, so its messages reach no one. Set ${key}, or subscribe after the deployment.`;
