import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Sandbox } from '../../../sandbox/index.ts';
import { refusal, sandboxOf, stopAll } from '../support.ts';

let sandbox: Sandbox;
let sqs: SQSClient;
let QueueUrl: string;

beforeEach(async () => {
  sandbox = await sandboxOf({ timeScale: 100 });
  sqs = new SQSClient({ ...sandbox.client(), maxAttempts: 1 });
  QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }))).QueueUrl ?? '';
});

afterEach(async () => {
  sqs.destroy();
  await stopAll();
});

const send = (input: Partial<SendMessageCommandInput>) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'text', ...input }));

test('returns queues and their attributes', async () => {
  await send({});
  await send({ DelaySeconds: 900 });
  await send({});
  await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([QueueUrl]);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({
    QueueArn: 'arn:aws:sqs:us-east-1:111122223333:jobs',
    ApproximateNumberOfMessages: '1',
    ApproximateNumberOfMessagesNotVisible: '1',
    ApproximateNumberOfMessagesDelayed: '1',
    VisibilityTimeout: '30',
  });
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  expect(sandbox.queues.at(QueueUrl).size).toBe(0);
});

test('a message has its attributes when it is received', async () => {
  const MessageAttributes = { kind: { DataType: 'String', StringValue: 'alert' } };
  await send({ MessageAttributes });
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] }));
  expect(Messages).toMatchObject([{ Body: 'text', MessageAttributes }]);
});

test('ReceiveMessage waits for a message', async () => {
  const receive = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  await sandbox.clock.sleep(2_000);
  await send({ MessageBody: 'late' });
  expect((await receive).Messages).toMatchObject([{ Body: 'late' }]);
  expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }))).Messages).toBeUndefined();
});

test('visibility can be changed, and a message deleted, by receipt handle', async () => {
  await send({});
  const receive = async () =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.[0]?.ReceiptHandle ?? '';
  const ReceiptHandle = await receive();
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  const again = await receive();
  const Entries = [{ Id: 'a', ReceiptHandle: again }];
  expect((await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))).Successful).toEqual([{ Id: 'a' }]);
  const change = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: again, VisibilityTimeout: 0 });
  expect(await refusal(sqs.send(change))).toEqual(['MessageNotInflight', 400]);
});

test('a batch for a queue that does not exist fails as a whole', async () => {
  const absent = { QueueUrl: QueueUrl.replace('jobs', 'absent') };
  const [name] = await refusal(sqs.send(new SendMessageCommand({ ...absent, MessageBody: 'text' })));
  const entry = { Id: 'a', MessageBody: 'text', ReceiptHandle: 'handle' };
  for (const command of [
    new SendMessageBatchCommand({ ...absent, Entries: [entry] }),
    new DeleteMessageBatchCommand({ ...absent, Entries: [entry] }),
  ]) {
    expect(await refusal(sqs.send(command as SendMessageBatchCommand))).toEqual([name, 400]);
  }
});

test('refuses invalid messages and batches', async () => {
  const none = `${sandbox.endpoint}/us-east-1/111122223333/none`;
  expect(await refusal(send({ QueueUrl: none }))).toEqual(['QueueDoesNotExist', 400]);
  expect(await refusal(send({ DelaySeconds: 901 }))).toEqual(['InvalidParameterValue', 400]);
  expect(await refusal(send({ MessageBody: '' }))).toEqual(['MissingParameter', 400]);
  expect(await refusal(send({ MessageBody: 'x'.repeat(1024 * 1024 + 1) }))).toEqual(['InvalidParameterValue', 400]);
  const batch = (count: number) => {
    const Entries = Array.from({ length: count }, (_, number) => ({ Id: String(number), MessageBody: 'x' }));
    return sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  };
  expect(await refusal(batch(11))).toEqual(['TooManyEntriesInBatchRequest', 400]);
  expect(await refusal(batch(0))).toEqual(['EmptyBatchRequest', 400]);
  const Entries = [
    { Id: 'good', MessageBody: 'x' },
    { Id: 'bad', MessageBody: 'x', DelaySeconds: 1000 },
  ];
  expect(await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).toMatchObject({
    Successful: [{ Id: 'good' }],
    Failed: [{ Id: 'bad', Code: 'InvalidParameterValue', SenderFault: true }],
  });
  const SourceArn = 'arn:aws:sqs:us-east-1:111122223333:none';
  expect(await refusal(sqs.send(new StartMessageMoveTaskCommand({ SourceArn })))).toEqual([
    'ResourceNotFoundException',
    404,
  ]);
});
