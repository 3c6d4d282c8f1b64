import { CloudTrailClient, PutEventSelectorsCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DeleteRuleCommand, EventBridgeClient, RemoveTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { SetSubscriptionAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Sandbox } from '../../../sandbox/index.ts';

/** A user who takes parts of a deployment away. */
export class Mallory {
  public static readonly arn = 'arn:aws:iam::111122223333:user/mallory';
  public static readonly accessKeyId = 'AKIAMALLORY';
  readonly #sandbox: Sandbox;

  public constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** The physical id of a resource of the home region, by the path of its construct. */
  public named(path: string): string {
    const resources = this.#sandbox.deployments[0]?.stack.resources ?? [];
    const found = resources.find(({ logicalId }) => logicalId.replace(/[0-9A-F]{8}$/, '') === `Enforcer${path}`);
    if (found === undefined) throw new Error(`the stack has no ${path}`);
    return found.physicalId;
  }

  public readonly events = (region = HOME) => new EventBridgeClient(this.#client(region));
  public readonly sqs = (region = HOME) => new SQSClient(this.#client(region));
  public readonly lambda = () => new LambdaClient(this.#client());
  public readonly sns = () => new SNSClient(this.#client());
  public readonly kms = () => new KMSClient(this.#client());
  public readonly iam = () => new IAMClient(this.#client());
  public readonly cloudtrail = () => new CloudTrailClient(this.#client());
  public readonly alarms = () => new CloudWatchClient(this.#client());

  #client(region = HOME) {
    return this.#sandbox.client({ region, accessKeyId: Mallory.accessKeyId });
  }

  /** The first subscription of a topic. */
  public subscriptionOf(topic: string): string {
    return this.#sandbox.topics.byArn(this.named(topic))?.subscriptions[0]?.arn ?? '';
  }

  /** The token in the last mail of a topic that asks to confirm a subscription. */
  public tokenOf(topic: string): string {
    return this.#sandbox.topics.byArn(this.named(topic))?.subscriptions.at(-1)?.token ?? '';
  }

  public queueIn(region: string, name: string): string {
    return this.#sandbox.queues.url(this.#sandbox.queues.named(region, name));
  }

  public get roleOfForwarder(): string {
    const resources = this.#sandbox.deployments[1]?.stack.resources ?? [];
    return resources.find(({ type }) => type === 'AWS::IAM::Role')?.physicalId ?? '';
  }

  public async removeTargets(name: string, region = HOME, EventBusName?: string): Promise<void> {
    const rules = this.#sandbox.bus.rules().filter(({ arn }) => arn.split(':')[3] === region);
    const onBus = rules.filter(({ busArn }) => busArn.endsWith(`/${EventBusName ?? 'default'}`));
    const Ids = onBus.find((rule) => rule.name === name)?.targets.map(({ id }) => id);
    await this.events(region).send(new RemoveTargetsCommand({ Rule: name, EventBusName, Ids }));
  }

  public async deleteRule(Name: string, region = HOME, EventBusName?: string): Promise<void> {
    await this.removeTargets(Name, region, EventBusName);
    await this.events(region).send(new DeleteRuleCommand({ Name, EventBusName }));
  }

  public async deleteRolePolicies(RoleName: string): Promise<void> {
    const { PolicyNames = [] } = await this.iam().send(new ListRolePoliciesCommand({ RoleName }));
    for (const PolicyName of PolicyNames) await this.iam().send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
  }

  public async deny(RoleName: string, Action: string, Condition = {}): Promise<void> {
    const PolicyDocument = JSON.stringify({ Statement: [{ Effect: 'Deny', Action, Resource: '*', Condition }] });
    await this.iam().send(new PutRolePolicyCommand({ RoleName, PolicyName: 'Denied', PolicyDocument }));
  }

  public async setEnvironment(FunctionName: string, change: Readonly<Record<string, string>>): Promise<void> {
    const { Environment } = await this.lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
    const Variables = { ...Environment?.Variables, ...change };
    await this.lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }

  public async setQueue(QueueUrl: string, Attributes: Record<string, string>): Promise<void> {
    await this.sqs().send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  }

  public async select(change: object): Promise<void> {
    const EventSelectors = [change];
    await this.cloudtrail().send(new PutEventSelectorsCommand({ TrailName: 'management-events', EventSelectors }));
  }

  public async subscribe(Endpoint: string): Promise<void> {
    const TopicArn = this.named('TopicsOutcomes');
    await this.sns().send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint }));
  }

  public async filter(topic: string, policy: object): Promise<void> {
    const SubscriptionArn = this.subscriptionOf(topic);
    const AttributeValue = JSON.stringify(policy);
    const AttributeName = 'FilterPolicy';
    await this.sns().send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }));
  }
}

/** A way to take a part away. */
export type Row = readonly [what: string, takeAway: (aws: Mallory) => Promise<unknown>];

/** The home region of the deployment, and the region that forwards its events. */
export const HOME = 'us-east-1';
export const OTHER = 'eu-west-1';

/** A policy that allows nothing. */
export const NOTHING = JSON.stringify({ Version: '2012-10-17', Statement: [] });
