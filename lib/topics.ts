import { Annotations, Aspects, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

/** The two topics, for two kinds of readers, and their key. */
export class Topics extends Construct {
  /** What became of instances; for the security team. */
  public readonly outcomes: Topic;
  /** Alarms about the product itself; for the team that runs it. */
  public readonly operations: Topic;
  /** Encrypts both topics. */
  public readonly key: Key;

  public constructor(scope: Construct, id: string, settings: Pick<Settings, 'alertEmail' | 'operationsEmail'>) {
    super(scope, id);
    // An alarm cannot publish to a topic under the AWS managed key, whose policy nobody can change.
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    this.key = new Key(this, 'Key', {
      description: 'Messages in the topics of imdsv2-enforcer',
      enableKeyRotation: true,
      // Topics store nothing that outlives them, so the key need not outlive them either.
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    });
    this.outcomes = this.topic('Outcomes', 'IMDSv2 enforcer', settings.alertEmail);
    this.operations = this.topic('Operations', 'IMDSv2 enforcer operations', settings.operationsEmail);
    this.letAlarmsPublish();
  }

  private topic(id: string, displayName: string, emails: readonly string[]): Topic {
    const topic = new Topic(this, id, { displayName, masterKey: this.key, enforceSSL: true });
    emails.forEach((email) => topic.addSubscription(new EmailSubscription(email)));
    // Seen at the end of synth, because an app may subscribe after it made the construct.
    Aspects.of(topic).add({
      visit: (node) => {
        if (node === topic && !hasSubscription(topic)) {
          const key = id === 'Outcomes' ? 'alertEmail' : 'operationsEmail';
          Annotations.of(topic).addWarningV2(`imdsv2-enforcer:nobodySubscribed${id}`, nobodySubscribed(id, key));
        }
      },
    });
    return topic;
  }

  /** A topic with a policy of its own no longer has the default one, which is what lets alarms of the account publish. */
  private letAlarmsPublish(): void {
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

const nobodySubscribed = (id: string, key: string): string =>
  `Nobody is subscribed to the topic ${id}: its messages reach no one. Set ${key}, or subscribe to it after the deployment.`;
