import { SQSClient } from '@aws-sdk/client-sqs';
import { sqsScanQueue } from '../../lambda/adapters/sqs-scan-queue.ts';
import { parseScan, type ScanStep } from '../../lambda/triggers/scan.ts';
import { ACCOUNT, instanceId, NOW, REGION } from '../support/builders.ts';
import { json, type Loopback, startLoopback } from '../support/loopback.ts';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId: string;
  readonly DelaySeconds?: number;
}

let aws: Loopback;
let client: SQSClient;
let queue: ReturnType<typeof sqsScanQueue>;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  client = new SQSClient({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
  queue = sqsScanQueue(client, `${aws.url}/111122223333/scan.fifo`);
});
beforeEach(() => aws.reset());
afterAll(async () => {
  client.destroy();
  await aws.close();
});

const RUN = { account: ACCOUNT, region: REGION, startedAt: NOW };
const batchs = (count: number): ScanStep[] =>
  Array.from({ length: count }, (_, index) => ({ ...RUN, step: 'batch', index, instanceIds: [instanceId(index)] }));
const entriesOf = ({ parameters }: { readonly parameters: Readonly<Record<string, unknown>> }) =>
  parameters.Entries as readonly Entry[];

it('sends the steps of a region in order, as one group, ten per call', async () => {
  const steps: ScanStep[] = [...batchs(22), { ...RUN, step: 'summary', requestedIds: [] }];

  await queue.put(steps);

  const calls = aws.take('SendMessageBatch');
  expect(calls.map((call) => entriesOf(call).length)).toEqual([10, 10, 3]);
  expect(calls[0]?.parameters.QueueUrl).toBe(`${aws.url}/111122223333/scan.fifo`);
  const entries = calls.flatMap(entriesOf);
  expect(entries.map(({ MessageBody }) => parseScan(JSON.parse(MessageBody)))).toEqual(steps);
  expect(new Set(entries.map(({ MessageGroupId }) => MessageGroupId))).toEqual(new Set([REGION]));
  // FIFO queues do not support delays of single messages.
  expect(entries.some((entry) => 'DelaySeconds' in entry)).toBe(false);
});

it('sends the steps of each region as a separate group', async () => {
  const regions = ['eu-west-1', 'us-east-1', 'ap-south-1'];

  await queue.put(regions.map((region) => ({ ...RUN, region, step: 'region' })));

  expect(
    aws
      .take()
      .flatMap(entriesOf)
      .map(({ MessageGroupId }) => MessageGroupId),
  ).toEqual(regions);
});

it('sends equal bodies for equal steps only, for the deduplication by content', async () => {
  const [first, second] = batchs(2) as [ScanStep, ScanStep];
  await queue.put([first]);
  await queue.put([first]);
  await queue.put([second]);
  await queue.put([{ ...first, startedAt: new Date(0) }]);

  const bodies = aws
    .take()
    .flatMap(entriesOf)
    .map(({ MessageBody }) => MessageBody);
  expect(bodies[1]).toBe(bodies[0]);
  expect(new Set(bodies).size).toBe(3);
});

it('throws if a step is not accepted, and sends no further step', async () => {
  const Failed = [{ Id: '3', Code: 'InternalError', Message: 'not this one', SenderFault: false }];
  aws.prepare('SendMessageBatch', ...Array.from({ length: 3 }, () => json({ Successful: [], Failed })));

  await expect(queue.put(batchs(15))).rejects.toMatchObject({
    name: 'FailureError',
    kind: 'unavailable',
    message: 'InternalError: not this one',
  });
  const sent = aws.take().map((call) => entriesOf(call).map(({ Id }) => Id));
  expect(sent.slice(1)).toEqual([['3'], ['3']]);
});

it('throws if the queue does not exist, and makes no call without steps', async () => {
  aws.prepare('SendMessageBatch', json({ __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'none' }, 400));

  await expect(queue.put(batchs(1))).rejects.toMatchObject({ name: 'FailureError', kind: 'unknown' });
  aws.take();
  await queue.put([]);
  expect(aws.take()).toEqual([]);
});
