import {
  DescribeInstancesCommand,
  EC2Client,
  type InstanceMetadataOptionsRequest,
  ModifyInstanceMetadataOptionsCommand,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import type { MetadataOptions } from '../../../lambda/core/instance.ts';
import { REGION } from '../../support/builders.ts';

// Calls of users, without the product. The account may contain resources of other runs, so that every name is new.

const RECEIVE_MILLISECONDS = 10_000;

const eventBridge = new EventBridgeClient({ region: REGION });
const sns = new SNSClient({ region: REGION });
const sqs = new SQSClient({ region: REGION });

/** An EC2 client of a user. */
export const ec2In = (region = REGION): EC2Client => new EC2Client({ region });

const newName = (): string => `imdsv2-${randomUUID()}`;

interface Launch {
  readonly count?: number;
  readonly region?: string;
  readonly options?: InstanceMetadataOptionsRequest;
  readonly tags?: Readonly<Record<string, string>>;
  readonly clientToken?: string;
}

/** Launches instances, by default with IMDSv1 enabled. @returns their ids. */
export async function launch({ count = 1, region = REGION, options, tags, clientToken }: Launch = {}): Promise<
  string[]
> {
  const Tags = Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  const command = new RunInstancesCommand({
    ImageId: 'ami-0b1c2d3e4f5061728',
    InstanceType: 't4g.nano',
    MinCount: count,
    MaxCount: count,
    ClientToken: clientToken,
    MetadataOptions: { HttpTokens: 'optional', HttpEndpoint: 'enabled', ...options },
    TagSpecifications: Tags.length === 0 ? undefined : [{ ResourceType: 'instance', Tags }],
  });
  const { Instances = [] } = await ec2In(region).send(command);
  return Instances.flatMap(({ InstanceId = [] }) => InstanceId);
}

/** Launches one instance. */
export async function launchOne(of: Omit<Launch, 'count'> = {}): Promise<string> {
  const [id] = await launch(of);
  if (id === undefined) throw new Error('the endpoint launched nothing');
  return id;
}

/** Modifies metadata options. */
export async function setOptions(InstanceId: string, options: InstanceMetadataOptionsRequest): Promise<void> {
  await ec2In().send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...options }));
}

/** The current metadata options of an instance. */
export async function optionsOf(instanceId: string, region = REGION): Promise<MetadataOptions> {
  const { Reservations } = await ec2In(region).send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  const options = Reservations?.[0]?.Instances?.[0]?.MetadataOptions;
  if (options === undefined) throw new Error(`the endpoint returns no options of ${instanceId}`);
  return options;
}

/** Creates a queue. @returns its URL. */
export async function createQueue(Attributes?: Record<string, string>): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: newName(), Attributes }));
  return QueueUrl ?? '';
}

/** Creates a topic. @returns its ARN. */
export async function createTopic(Name = newName()): Promise<string> {
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name }));
  return TopicArn ?? '';
}

async function arnOf(QueueUrl: string): Promise<string | undefined> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  return Attributes?.QueueArn;
}

/** Creates an event bus, and a rule that sends events about outcomes to a queue. @returns its ARN. */
export async function createBus(queueUrl: string): Promise<string> {
  const Name = newName();
  const { EventBusArn = '' } = await eventBridge.send(new CreateEventBusCommand({ Name }));
  const EventPattern = JSON.stringify({ source: ['imdsv2-enforcer'] });
  await eventBridge.send(new PutRuleCommand({ Name, EventBusName: Name, EventPattern }));
  const Targets = [{ Id: 'queue', Arn: await arnOf(queueUrl) }];
  await eventBridge.send(new PutTargetsCommand({ Rule: Name, EventBusName: Name, Targets }));
  return EventBusArn;
}

/** Subscribes a queue to a topic, optionally with a filter policy. */
export async function subscribe(TopicArn: string, queueUrl: string, filter?: object): Promise<void> {
  const policy = filter === undefined ? undefined : { FilterPolicy: JSON.stringify(filter) };
  await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: await arnOf(queueUrl), Attributes: policy }),
  );
}

/**
 * Receives all messages of a queue.
 *
 * Waits some seconds for the expected number, but may return fewer or more.
 */
export async function receive(QueueUrl: string, expected: number): Promise<Message[]> {
  const received: Message[] = [];
  const until = Date.now() + RECEIVE_MILLISECONDS;
  for (;;) {
    const wait = received.length < expected || expected === 0 ? 1 : 0;
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: wait }),
    );
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    received.push(...Messages);
    if (Messages.length === 0 && (received.length >= expected || Date.now() > until)) return received;
  }
}
