import { SQSClient } from '@aws-sdk/client-sqs';
import { sqsWorkQueue } from '../../lambda/adapters/sqs-work-queue.ts';
import { toMessages } from '../../lambda/core/message.ts';
import { fromUndelivered } from '../../lambda/core/undelivered-alert.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { parseCheck, type PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { ACCOUNT, IMDSV1, instanceId, NOW, outcome, REGION, target } from '../support/builders.ts';
import { json, type Loopback, startLoopback } from '../support/loopback.ts';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly DelaySeconds?: number;
}

let aws: Loopback;
let client: SQSClient;
let queue: ReturnType<typeof sqsWorkQueue>;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  client = new SQSClient({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
  queue = sqsWorkQueue(client, `${aws.url}/111122223333/work`);
});
beforeEach(() => aws.reset());
afterAll(async () => {
  client.destroy();
  await aws.close();
});

const findings = (count: number) =>
  Array.from({ length: count }, (_, index) => toFinding(target({ instanceId: instanceId(index) }), IMDSV1));

const entriesOf = ({ parameters }: { readonly parameters: Readonly<Record<string, unknown>> }) =>
  parameters.Entries as readonly Entry[];

it('an event comes back as it is, when it is told to', async () => {
  await queue.putEvents([{ source: 'aws.ec2', id: 'e1' }], 60);

  const [entry, ...others] = aws.take('SendMessageBatch').flatMap(entriesOf);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ MessageBody: '{"source":"aws.ec2","id":"e1"}', DelaySeconds: 60 });
});

describe('findings', () => {
  it('go ten to a call, each once, without the delay of the queue', async () => {
    await queue.putFindings(findings(23));

    const calls = aws.take();
    expect(calls.map((call) => [call.action, call.parameters.QueueUrl, entriesOf(call).length]).sort()).toEqual([
      ['SendMessageBatch', `${aws.url}/111122223333/work`, 10],
      ['SendMessageBatch', `${aws.url}/111122223333/work`, 10],
      ['SendMessageBatch', `${aws.url}/111122223333/work`, 3],
    ]);
    const entries = calls.flatMap(entriesOf);
    expect(entries.every(({ DelaySeconds }) => DelaySeconds === 0)).toBe(true);
    expect(new Set(entries.map(({ MessageBody }) => MessageBody))).toEqual(
      new Set(findings(23).map((finding) => JSON.stringify(finding))),
    );
    for (const call of calls) expect(new Set(entriesOf(call).map(({ Id }) => Id)).size).toBe(entriesOf(call).length);
  });

  it('come back later if they are told to', async () => {
    await queue.putFindings(findings(2), 60);

    expect(aws.take().flatMap(entriesOf)).toMatchObject([{ DelaySeconds: 60 }, { DelaySeconds: 60 }]);
  });

  it('of which one was not accepted are a failure, though the call succeeded', async () => {
    const Failed = [{ Id: '1', Code: 'InternalError', Message: 'not this one', SenderFault: false }];
    aws.prepare('SendMessageBatch', json({ Successful: [], Failed }));

    await expect(queue.putFindings(findings(2))).rejects.toMatchObject({
      name: 'FailureError',
      kind: 'unavailable',
      message: 'InternalError: not this one',
    });
  });

  it('of which one call fails are a failure', async () => {
    aws.prepare('SendMessageBatch', json({ __type: 'com.amazonaws.sqs#ServiceUnavailable', message: 'away' }, 503));

    await expect(queue.putFindings(findings(20))).rejects.toMatchObject({
      name: 'FailureError',
      kind: 'unavailable',
    });
  });

  it('none are no call', async () => {
    await queue.putFindings([]);

    expect(aws.take()).toEqual([]);
  });
});

describe('checks', () => {
  const checks: PostChangeCheck[] = Array.from({ length: 12 }, (_, index) => ({
    account: ACCOUNT,
    region: REGION,
    instanceId: instanceId(index),
    remediatedAt: NOW,
    checksDone: index % 4,
  }));

  it('go ten to a call, each once, for a quarter of an hour', async () => {
    await queue.putChecks(checks);

    const calls = aws.take();
    expect(calls.map((call) => entriesOf(call).length).sort()).toEqual([10, 2]);
    const entries = calls.flatMap(entriesOf);
    expect(entries.every(({ DelaySeconds }) => DelaySeconds === 900)).toBe(true);
    const kept = entries.map(({ MessageBody }) => parseCheck(JSON.parse(MessageBody)));
    expect(new Set(kept.map((check) => JSON.stringify(check)))).toEqual(
      new Set(checks.map((check) => JSON.stringify(check))),
    );
    expect(kept).toHaveLength(12);
  });

  it('of which one was not accepted are a failure', async () => {
    const Failed = [{ Id: '0', Code: 'InternalError', SenderFault: false }];
    aws.prepare('SendMessageBatch', json({ Successful: [], Failed }));

    await expect(queue.putChecks(checks.slice(0, 1))).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('an alert not sent', () => {
  const [alert] = toMessages([outcome()], { maxExemptionDays: 90 });
  if (alert === undefined) throw new Error('no alert to test with');

  it('is kept whole, and waits as long as the queue says', async () => {
    await queue.putUndelivered(alert);

    const [call, ...others] = aws.take();
    expect(others).toEqual([]);
    expect(call).toMatchObject({
      action: 'SendMessage',
      parameters: { QueueUrl: `${aws.url}/111122223333/work`, MessageBody: expect.any(String) },
    });
    expect(call?.parameters).not.toHaveProperty('DelaySeconds');
    const kept = fromUndelivered(JSON.parse(String(call?.parameters.MessageBody)));
    expect(kept).toEqual(JSON.parse(JSON.stringify(alert)));
  });

  it('that the queue refuses is a failure', async () => {
    aws.prepare('SendMessage', json({ __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'none' }, 400));

    await expect(queue.putUndelivered(alert)).rejects.toMatchObject({ name: 'FailureError', kind: 'unknown' });
  });
});
