import {
  ConfirmSubscriptionCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Template } from '../../../sandbox/aws/cloudformation/template.ts';
import { templateOf } from '../stack.ts';
import { FIXTURE, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const subscription = (Protocol: string, Endpoint: unknown) => ({
  Type: 'AWS::SNS::Subscription',
  Properties: { Protocol, Endpoint, TopicArn: { Ref: 'TopicBBBBBBBB' } },
});

async function setUp() {
  const Resources: Template['Resources'] = {
    ...templateOf().Resources,
    Mail: subscription('email', 'security@example.com'),
    Machine: subscription('sqs', { 'Fn::GetAtt': ['WorkQueue11111111', 'Arn'] }),
  };
  const sandbox = await sandboxOf({ stacks: [{ template: { Resources }, name: 'Local' }], bundles: FIXTURE });
  const client = new SNSClient({ ...sandbox.client(), maxAttempts: 1 });
  const topic = sandbox.topic('Topic');
  const counts = async () => {
    const { Attributes = {} } = await client.send(new GetTopicAttributesCommand({ TopicArn: topic.arn }));
    return [Attributes['SubscriptionsConfirmed'], Attributes['SubscriptionsPending']];
  };
  return { sandbox, client, topic, counts };
}

test('an email subscription is pending until it is confirmed', async () => {
  const { sandbox, client, topic, counts } = await setUp();
  const TopicArn = topic.arn;
  const arns = async () => {
    const { Subscriptions = [] } = await client.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    return Subscriptions.map(({ Protocol, Endpoint, SubscriptionArn }) => [Protocol, Endpoint, SubscriptionArn]);
  };
  const queue = ['sqs', sandbox.queue('WorkQueue').arn, expect.stringContaining(`${TopicArn}:`)];
  expect(await counts()).toEqual(['1', '1']);
  expect(await arns()).toEqual([['email', 'security@example.com', 'PendingConfirmation'], queue]);

  sandbox.topics.confirm(topic, 'security@example.com');
  expect(await counts()).toEqual(['2', '0']);
  expect(await arns()).toEqual([['email', 'security@example.com', expect.stringContaining(`${TopicArn}:`)], queue]);
  const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn }));
  expect(Attributes).toMatchObject({ TopicArn, Owner: '111122223333', DisplayName: 'Test' });
});

test('subscriptions can be created and confirmed by API calls', async () => {
  const { client, topic, counts } = await setUp();
  const TopicArn = topic.arn;
  const subscribe = (Endpoint: string) => client.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint }));
  expect((await subscribe('a@example.com')).SubscriptionArn).toBe('pending confirmation');
  expect((await subscribe('a@example.com')).SubscriptionArn).toBe('pending confirmation');
  expect(await counts()).toEqual(['1', '2']);
  const Token = topic.subscriptions.at(-1)?.token;
  await client.send(new ConfirmSubscriptionCommand({ TopicArn, Token }));
  expect(await counts()).toEqual(['2', '1']);
  const wrong = new ConfirmSubscriptionCommand({ TopicArn, Token: 'wrong' });
  expect(await refusal(client.send(wrong))).toEqual(['InvalidParameterException', 400]);

  for (let number = 0; number < 150; number++) await subscribe(`${number}@example.com`);
  const sizes: (number | undefined)[] = [];
  for await (const { Subscriptions } of paginateListSubscriptionsByTopic({ client }, { TopicArn })) {
    sizes.push(Subscriptions?.length);
  }
  expect(sizes).toEqual([100, 53]);
  const nowhere = new GetTopicAttributesCommand({ TopicArn: `${TopicArn}x` });
  expect(await refusal(client.send(nowhere))).toEqual(['NotFoundException', 404]);
});

test('a queue returns its number of messages if it is requested', async () => {
  const { sandbox } = await setUp();
  const client = new SQSClient({ ...sandbox.client(), maxAttempts: 1 });
  const QueueName = sandbox.queue('DeadLetterQueue').name;
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
  for (const body of ['one', 'two', 'three']) sandbox.queue('DeadLetterQueue').send(body);
  sandbox.queue('DeadLetterQueue').receive(1, 36_000);
  sandbox.queue('DeadLetterQueue').send('later', { delaySeconds: 36_000 });
  const attributes = async (...AttributeNames: ('ApproximateNumberOfMessages' | 'All')[]) =>
    (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }))).Attributes;

  expect(await attributes('ApproximateNumberOfMessages')).toEqual({ ApproximateNumberOfMessages: '2' });
  expect(await attributes('All')).toMatchObject({
    QueueArn: sandbox.queue('DeadLetterQueue').arn,
    ApproximateNumberOfMessagesNotVisible: '1',
    ApproximateNumberOfMessagesDelayed: '1',
  });
  expect(await attributes()).toBeUndefined();
});
