import { SQSClient } from '@aws-sdk/client-sqs';
import { sqsWorkQueue } from '../../lambda/adapters/sqs-work-queue.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { parseCheck, type PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { ACCOUNT, IMDSV1, instanceId, NOW, REGION, target } from '../support/builders.ts';
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
  queue = sqsWorkQueue(client, {
    workQueueUrl: `${aws.url}/111122223333/work`,
    checkQueueUrl: `${aws.url}/111122223333/checks`,
  });
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

/** A response that did not accept these entries. */
const refused = (...Failed: readonly { Id: string; Code: string; Message?: string; SenderFault: boolean }[]) =>
  json({ Successful: [], Failed });
const internal = (Id: string) => ({ Id, Code: 'InternalError', Message: 'not this one', SenderFault: false });
const invalid = (Id: string) => ({ Id, Code: 'InvalidMessageContents', Message: 'bad character', SenderFault: true });

it('sends events unchanged, each with its delay', async () => {
  await queue.putEvents([{ source: 'aws.ec2', id: 'e1' }, { id: 'e2' }], [60, 2]);

  expect(aws.take('SendMessageBatch').flatMap(entriesOf)).toMatchObject([
    { MessageBody: '{"source":"aws.ec2","id":"e1"}', DelaySeconds: 60 },
    { MessageBody: '{"id":"e2"}', DelaySeconds: 2 },
  ]);
});

describe('findings', () => {
  it('are sent ten per call, each once, without a delay', async () => {
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

  it('are sent with a delay', async () => {
    await queue.putFindings(findings(2), 60);

    expect(aws.take().flatMap(entriesOf)).toMatchObject([{ DelaySeconds: 60 }, { DelaySeconds: 60 }]);
  });

  it('that SQS did not accept are sent again, and no others', async () => {
    aws.prepare('SendMessageBatch', refused(internal('1'), internal('3')), refused(internal('3')));

    await queue.putFindings(findings(5));

    const sent = aws.take('SendMessageBatch').map((call) => entriesOf(call).map(({ Id }) => Id));
    expect(sent).toEqual([['0', '1', '2', '3', '4'], ['1', '3'], ['3']]);
  });

  it('cause a failure if SQS does not accept one in three calls', async () => {
    aws.prepare('SendMessageBatch', ...Array.from({ length: 3 }, () => refused(internal('1'))));

    await expect(queue.putFindings(findings(2))).rejects.toMatchObject({
      name: 'FailureError',
      kind: 'unavailable',
      message: 'InternalError: not this one',
    });
    expect(aws.take()).toHaveLength(3);
  });

  it("that SQS refuses as the sender's fault are not sent again, and cause a failure", async () => {
    aws.prepare('SendMessageBatch', refused(invalid('0'), internal('1')));

    await expect(queue.putFindings(findings(3))).rejects.toMatchObject({
      name: 'FailureError',
      kind: 'invalid',
      message: 'InvalidMessageContents: bad character',
    });
    expect(aws.take('SendMessageBatch').map((call) => entriesOf(call).map(({ Id }) => Id))).toEqual([
      ['0', '1', '2'],
      ['1'],
    ]);
  });

  it('cause a failure if one call fails', async () => {
    aws.prepare('SendMessageBatch', json({ __type: 'com.amazonaws.sqs#ServiceUnavailable', message: 'away' }, 503));

    await expect(queue.putFindings(findings(20))).rejects.toMatchObject({
      name: 'FailureError',
      kind: 'unavailable',
    });
  });

  it('cause no call if there are none', async () => {
    await queue.putFindings([]);

    expect(aws.take()).toEqual([]);
  });
});

describe('post-change checks', () => {
  const checks: PostChangeCheck[] = Array.from({ length: 12 }, (_, index) => ({
    account: ACCOUNT,
    region: REGION,
    instanceId: instanceId(index),
    remediatedAt: NOW,
    checksDone: index % 4,
  }));

  it('are sent to their own queue, ten per call, each once, with a delay of 15 minutes', async () => {
    await queue.putChecks(checks);

    const calls = aws.take();
    expect(calls.map((call) => entriesOf(call).length).sort()).toEqual([10, 2]);
    expect(calls[0]?.parameters.QueueUrl).toBe(`${aws.url}/111122223333/checks`);
    const entries = calls.flatMap(entriesOf);
    expect(entries.every(({ DelaySeconds }) => DelaySeconds === 900)).toBe(true);
    const sent = entries.map(({ MessageBody }) => parseCheck(JSON.parse(MessageBody)));
    expect(new Set(sent.map((check) => JSON.stringify(check)))).toEqual(
      new Set(checks.map((check) => JSON.stringify(check))),
    );
    expect(sent).toHaveLength(12);
  });

  it('cause a failure if one is not accepted', async () => {
    aws.prepare('SendMessageBatch', ...Array.from({ length: 3 }, () => refused(internal('0'))));

    await expect(queue.putChecks(checks.slice(0, 1))).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
