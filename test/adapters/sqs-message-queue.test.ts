import { SQSClient } from '@aws-sdk/client-sqs';
import { sqsMessageQueue } from '../../lambda/adapters/sqs-message-queue.ts';
import { REGION } from '../support/builders.ts';
import { CREDENTIALS, type Loopback, md5, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let client: SQSClient;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = {
    accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
    secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
  };
  client = new SQSClient({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await aws.close();
});
beforeEach(() => aws.reset());

const queue = () => sqsMessageQueue(client, `${aws.url}/111122223333/summary`);
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const received = (count: number) => numbers(count).map((receipt) => ({ body: '{}', receipt }));

it('receives ten messages of all servers of SQS', async () => {
  const Messages = [{ MessageId: 'm-1', ReceiptHandle: 'r-1', Body: '{"a":1}', MD5OfBody: md5('{"a":1}') }];
  aws.prepare('ReceiveMessage', { status: 200, body: JSON.stringify({ Messages }) });
  expect(await queue().receive()).toEqual([{ body: '{"a":1}', receipt: 'r-1' }]);
  expect(aws.take()[0]?.parameters).toMatchObject({ MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
  expect(await queue().receive()).toEqual([]);
});

it('deletes messages, ten in a call', async () => {
  await queue().remove(received(12));
  const calls = aws
    .take('DeleteMessageBatch')
    .map(({ parameters }) => parameters.Entries as { ReceiptHandle: string }[]);
  expect(calls.map((entries) => entries.map(({ ReceiptHandle }) => ReceiptHandle))).toEqual([
    numbers(12).slice(0, 10),
    ['10', '11'],
  ]);
});

it('returns what is not deleted: of a call that fails all, of another one the refused message, and deletes the others', async () => {
  const failed = (Id: string) => ({ Successful: [], Failed: [{ Id, SenderFault: false, Code: 'InternalError' }] });
  aws.prepare('DeleteMessageBatch', { status: 500, body: '{}' }, { status: 200, body: JSON.stringify(failed('3')) });
  const refused = await queue().remove(received(30));
  expect(aws.take('DeleteMessageBatch')).toHaveLength(3);
  expect(refused).toHaveLength(11);
});

it('throws if every call fails', async () => {
  aws.prepare('DeleteMessageBatch', { status: 500, body: '{}' });
  await expect(queue().remove(received(1))).rejects.toMatchObject({ name: 'FailureError', kind: 'unavailable' });
});

it('returns what is not sent, and sends it no second time if it was', async () => {
  const Failed = [{ Id: '1', SenderFault: false, Code: 'InternalError' }];
  const answer = { status: 200, body: JSON.stringify({ Successful: [], Failed }) };
  aws.prepare('SendMessageBatch', answer, answer, answer);
  expect(await queue().put(['{"a":1}', '{"a":2}'])).toEqual(['{"a":2}']);
  const sent = aws.take('SendMessageBatch').map(({ parameters }) => (parameters.Entries as object[]).length);
  expect(sent).toEqual([2, 1, 1]);
});

it('sends messages as they were received', async () => {
  await queue().put(['{"a":1}']);
  expect(aws.take('SendMessageBatch')[0]?.parameters).toMatchObject({ Entries: [{ MessageBody: '{"a":1}' }] });
});
