import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Sandbox } from '../../../sandbox/index.ts';
import { refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const INVALID = ['InvalidParameterValue', 400];

describe('a FIFO queue', () => {
  let sandbox: Sandbox;
  let sqs: SQSClient;
  let QueueUrl: string;
  let deadLetterUrl: string;

  const create = async (QueueName: string, Attributes: Record<string, string>) =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? '';

  beforeEach(async () => {
    sandbox = await sandboxOf({ timeScale: 100 });
    sqs = new SQSClient({ ...sandbox.client(), maxAttempts: 1 });
    deadLetterUrl = await create('dead.fifo', { FifoQueue: 'true' });
    QueueUrl = await create('jobs.fifo', {
      FifoQueue: 'true',
      ContentBasedDeduplication: 'true',
      VisibilityTimeout: '60',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: sandbox.queues.at(deadLetterUrl).arn, maxReceiveCount: 2 }),
    });
  });

  afterEach(() => sqs.destroy());

  const send = (MessageBody: string, input: Partial<SendMessageCommandInput> = {}) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'a', ...input }));
  const receive = async (input: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...input }))).Messages ?? [];
  const bodies = async (input?: Partial<ReceiveMessageCommandInput>) => (await receive(input)).map(({ Body }) => Body);
  const remove = ({ ReceiptHandle }: Message) => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const hide = ({ ReceiptHandle }: Message, VisibilityTimeout: number) =>
    sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));

  test('returns messages in order, with group, deduplication id and sequence number', async () => {
    const { SequenceNumber = '' } = await send('1', { MessageDeduplicationId: 'x' });
    await send('2');
    const [first, second] = await receive({ MessageSystemAttributeNames: ['All'] });
    expect(SequenceNumber).toMatch(/^\d{20}$/);
    expect(first).toMatchObject({
      Body: '1',
      Attributes: { MessageGroupId: 'a', MessageDeduplicationId: 'x', SequenceNumber },
    });
    expect(second?.Attributes?.['MessageDeduplicationId']).toMatch(/^[0-9a-f]{64}$/);
    expect(BigInt(second?.Attributes?.['SequenceNumber'] ?? 0)).toBeGreaterThan(BigInt(SequenceNumber));
  });

  test('returns no message of a group that has one in flight', async () => {
    for (const body of ['a1', 'a2']) await send(body);
    const [first = {}] = await receive({ MaxNumberOfMessages: 1 });
    expect(first.Body).toBe('a1');
    await send('b1', { MessageGroupId: 'b' });
    expect(await bodies()).toEqual(['b1']);
    expect(await bodies()).toEqual([]);
    await remove(first);
    expect(await bodies()).toEqual(['a2']);
  });

  test('a waiting receive returns when no message of the group is in flight', async () => {
    for (const body of ['a1', 'a2']) await send(body);
    const [first = {}] = await receive({ MaxNumberOfMessages: 1 });
    const until = sandbox.clock.now() + 20_000;
    const waiting = bodies({ WaitTimeSeconds: 20 });
    await sandbox.clock.sleep(1000);
    await remove(first);
    expect(await waiting).toEqual(['a2']);
    expect(sandbox.clock.now()).toBeLessThan(until);
  });

  test('a message that becomes visible again is the first of its group', async () => {
    for (const body of ['a1', 'a2', 'a3']) await send(body);
    const [first = {}] = await receive({ MaxNumberOfMessages: 1 });
    await hide(first, 0);
    expect(await bodies()).toEqual(['a1', 'a2', 'a3']);
    expect(await bodies()).toEqual([]);
  });

  test('a message that becomes visible again waits for later messages in flight', async () => {
    for (const body of ['a1', 'a2', 'a3']) await send(body);
    const [first = {}, second = {}] = await receive({ MaxNumberOfMessages: 2 });
    await hide(first, 0);
    expect(await bodies()).toEqual([]);
    await remove(second);
    expect(await bodies()).toEqual(['a1', 'a3']);
  });

  test('a message received too often moves to the dead-letter queue, and the next one is returned', async () => {
    const { MessageId } = await send('a1', { MessageDeduplicationId: 'x' });
    await send('a2');
    const sentAt = sandbox.queues.at(QueueUrl).messages()[0]?.sentAt ?? 0;
    for (let time = 1; time <= 2; time++) {
      const [again = {}] = await receive({ MaxNumberOfMessages: 1 });
      expect(again.Body).toBe('a1');
      await hide(again, 0);
    }
    await sandbox.clock.sleep(1000);
    expect(await bodies()).toEqual(['a2']);
    const [deadLetter] = sandbox.queues.at(deadLetterUrl).messages();
    expect(deadLetter).toMatchObject({ body: 'a1', groupId: 'a', deduplicationId: MessageId });
    expect(deadLetter?.sentAt).toBeGreaterThan(sentAt);
  });

  test('a redrive keeps the order, and its destination must be a FIFO queue', async () => {
    const standard = await create('standard', {});
    const arnOf = (url: string) => sandbox.queues.at(url).arn;
    for (const body of ['1', '2', '3']) {
      await send(body, { QueueUrl: deadLetterUrl, MessageDeduplicationId: body });
    }
    const move = (DestinationArn: string) =>
      sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arnOf(deadLetterUrl), DestinationArn }));
    expect(await refusal(move(arnOf(standard)))).toEqual(INVALID);
    await move(arnOf(QueueUrl));
    expect(await bodies()).toEqual(['1', '2', '3']);
    expect(sandbox.queues.at(deadLetterUrl).size).toBe(0);
  });

  test('a duplicate within five minutes is accepted, but not delivered', async () => {
    const first = await send('same');
    expect(await send('same', { MessageGroupId: 'b' })).toMatchObject({ MessageId: first.MessageId });
    const [received = {}, ...more] = await receive();
    expect(more).toEqual([]);
    await remove(received);
    await send('same');
    expect(await bodies()).toEqual([]);
    await send('other', { MessageDeduplicationId: 'id' });
    await send('another', { MessageDeduplicationId: 'id' });
    await send('same', { MessageDeduplicationId: 'not-the-same' });
    expect(await bodies()).toEqual(['other', 'same']);

    sandbox.clock.skipIdleTime();
    await sandbox.clock.sleep(300_000);
    await sandbox.work('send', () => send('same', { MessageGroupId: 'c' }));
    expect(sandbox.queues.at(QueueUrl).messages().at(-1)).toMatchObject({ body: 'same', groupId: 'c' });
  });

  test('deduplication can be limited to a group', async () => {
    const Attributes = { FifoQueue: 'true', ContentBasedDeduplication: 'true', DeduplicationScope: 'messageGroup' };
    const url = await create('scoped.fifo', Attributes);
    for (const MessageGroupId of ['a', 'b', 'a']) await send('same', { QueueUrl: url, MessageGroupId });
    expect(sandbox.queues.at(url).size).toBe(2);
  });

  test('a queue can have a delay, but a message cannot', async () => {
    const url = await create('late.fifo', {
      FifoQueue: 'true',
      ContentBasedDeduplication: 'true',
      DelaySeconds: '60',
    });
    await send('1', { QueueUrl: url, DelaySeconds: 0 });
    expect(await bodies({ QueueUrl: url })).toEqual([]);
    await sandbox.clock.sleep(62_000);
    await send('2', { QueueUrl: url });
    expect(await bodies({ QueueUrl: url })).toEqual(['1']);
    expect(await refusal(send('3', { DelaySeconds: 900 }))).toEqual(INVALID);
  });

  test('a receipt handle expires when its message becomes visible again', async () => {
    await send('1');
    const [first = {}] = await receive();
    await hide(first, 0);
    expect(await refusal(remove(first))).toEqual(INVALID);
    const [again = {}] = await receive();
    expect(await refusal(remove(first))).toEqual(INVALID);
    expect(await refusal(hide(first, 0))).toEqual(INVALID);
    const Entries = [
      { Id: 'old', ReceiptHandle: first.ReceiptHandle },
      { Id: 'new', ReceiptHandle: again.ReceiptHandle },
    ];
    expect(await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))).toMatchObject({
      Successful: [{ Id: 'new' }],
      Failed: [{ Id: 'old', Code: 'InvalidParameterValue' }],
    });
    await remove(again);
  });

  test('a batch keeps its order, and its entries fail independently of each other', async () => {
    const Entries = [
      { Id: 'a', MessageBody: '1', MessageGroupId: 'a' },
      { Id: 'b', MessageBody: '2' },
      { Id: 'c', MessageBody: '3', MessageGroupId: 'a' },
      { Id: 'd', MessageBody: '4', MessageGroupId: 'a', DelaySeconds: 5 },
    ];
    const { Successful = [], Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful.map(({ Id, SequenceNumber }) => [Id, SequenceNumber?.length])).toEqual([
      ['a', 20],
      ['c', 20],
    ]);
    expect(Failed.map(({ Id, Code }) => [Id, Code])).toEqual([
      ['b', 'MissingParameter'],
      ['d', 'InvalidParameterValue'],
    ]);
    expect(await bodies()).toEqual(['1', '3']);
    const twice = [Entries[0], Entries[0]].filter((entry) => entry !== undefined);
    const refused = (batch: typeof Entries) =>
      refusal(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: batch })));
    expect(await refused(twice)).toEqual(['BatchEntryIdsNotDistinct', 400]);
    expect(await refused([{ Id: 'a b', MessageBody: '1' }])).toEqual(['InvalidBatchEntryId', 400]);
    const large = ['x', 'y'].map((Id) => ({ Id, MessageBody: Id.repeat(600_000), MessageGroupId: 'a' }));
    expect(await refused(large)).toEqual(['BatchRequestTooLong', 400]);
  });

  test('refuses invalid messages, names and attributes', async () => {
    expect(await refusal(send('1', { MessageGroupId: undefined }))).toEqual(['MissingParameter', 400]);
    expect(await refusal(send('1', { MessageGroupId: 'two words' }))).toEqual(INVALID);
    expect(await refusal(send('1', { MessageDeduplicationId: 'x'.repeat(129) }))).toEqual(INVALID);
    expect(await refusal(send('1', { QueueUrl: deadLetterUrl }))).toEqual(INVALID);
    const standard = await create('standard', {});
    expect(await refusal(send('1', { QueueUrl: standard, MessageDeduplicationId: 'x' }))).toEqual(INVALID);
    // A group id makes a standard queue a fair queue.
    await send('1', { QueueUrl: standard });

    expect(await refusal(create('plain', { FifoQueue: 'true' }))).toEqual(INVALID);
    expect(await refusal(create('plain.fifo', {}))).toEqual(INVALID);
    expect(await refusal(create('plain', { FifoQueue: 'false' }))).toEqual(['InvalidAttributeName', 400]);
    expect(await refusal(create('plain', { ContentBasedDeduplication: 'true' }))).toEqual([
      'InvalidAttributeName',
      400,
    ]);
    expect(await refusal(create('plain', { VisibilityTimeout: 'long' }))).toEqual(['InvalidAttributeValue', 400]);
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: sandbox.queues.at(deadLetterUrl).arn,
      maxReceiveCount: 2,
    });
    expect(await refusal(create('plain', { RedrivePolicy }))).toEqual(INVALID);
  });

  test('returns its attributes', async () => {
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect(Attributes).toMatchObject({
      FifoQueue: 'true',
      ContentBasedDeduplication: 'true',
      DeduplicationScope: 'queue',
      FifoThroughputLimit: 'perQueue',
      VisibilityTimeout: '60',
    });
  });
});
