import { type ScanStep, toScanMessage } from '../../lambda/triggers/scan.ts';
import { ACCOUNT, instanceId, REGION } from '../support/builders.ts';
import { type LambdaFunction, loadScan } from '../support/function.ts';
import { ec2Error, json, type Loopback, snsError, startLoopback } from '../support/loopback.ts';

const [A, B, C] = [1, 2, 3].map(instanceId) as [string, string, string];
const RUN = { account: ACCOUNT, region: REGION, startedAt: new Date('2026-11-22T12:00:00Z') };
const DAILY = { ...RUN, startedAt: new Date('2026-11-22T00:00:00Z') };

let aws: Loopback;
let fn: LambdaFunction;
beforeAll(async () => {
  aws = await startLoopback();
  fn = await loadScan(aws, { existing: 'enforce' });
});
beforeEach(() => aws.reset());
afterAll(async () => {
  fn.restoreEnvironment();
  await aws.close();
});

const message = (body: unknown) => ({
  Records: [
    {
      messageId: 'm1',
      receiptHandle: 'handle',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1', MessageGroupId: REGION },
      eventSource: 'aws:sqs',
      eventSourceARN: `arn:aws:sqs:${REGION}:${ACCOUNT}:scan.fifo`,
    },
  ],
});
const take = (step: ScanStep) => fn.invoke(message(toScanMessage(step)), 900_000);
const actions = (): string[] => aws.take().map(({ action }) => action);
/** The bodies that were put on a queue. */
const put = () =>
  aws.take('SendMessageBatch').flatMap(({ parameters }) => {
    const entries = parameters.Entries as readonly { readonly MessageBody: string }[];
    return entries.map(({ MessageBody }) => JSON.parse(MessageBody) as object);
  });

it('the schedule’s event → a step for each region, on the queue of the scan', async () => {
  const scheduled = {
    version: '0',
    id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: ACCOUNT,
    time: '2026-11-22T12:00:00Z',
    region: REGION,
    resources: [],
    detail: {},
  };

  expect((await fn.invoke(message(scheduled), 900_000)).error).toBeUndefined();

  const calls = aws.take();
  expect(calls.map(({ action }) => action)).toEqual(['DescribeRegions', 'SendMessageBatch']);
  expect(calls[1]?.parameters).toMatchObject({
    QueueUrl: `${aws.url}/${ACCOUNT}/scan.fifo`,
    Entries: [{ MessageGroupId: REGION, MessageBody: JSON.stringify(toScanMessage({ ...RUN, step: 'region' })) }],
  });
});

it('a region → what answers IMDSv1 in a batch, and then the count', async () => {
  aws.instances
    .set(A, {})
    .set(B, { httpTokens: 'required' })
    .set(C, { tags: { 'imdsv2:exempt-until': 'soon' } });

  expect((await take({ ...RUN, step: 'region' })).error).toBeUndefined();

  expect(put()).toEqual([
    toScanMessage({ ...RUN, step: 'batch', index: 0, instanceIds: [A] }),
    toScanMessage({ ...RUN, step: 'summary', nonCompliantBefore: 2, requested: 1 }),
  ]);
});

it('a batch → one describe, a change for each that is still open, one alert, and a check for each change', async () => {
  aws.instances.set(A, {}).set(B, { httpTokens: 'required' }).set(C, {});

  const { error, log, metrics } = await take({ ...RUN, step: 'batch', index: 0, instanceIds: [A, B, C] });

  expect(error).toBeUndefined();
  expect(log.map(({ instanceId: id, status, trigger }) => [id, status, trigger])).toEqual([
    [A, 'remediated', 'scan'],
    [B, 'already-remediated', 'scan'],
    [C, 'remediated', 'scan'],
  ]);
  expect(metrics).toEqual({ Remediated: 2, ExposureSeconds: expect.any(Number) });
  const calls = aws.take();
  expect(calls.map(({ action }) => action)).toEqual([
    'DescribeInstances',
    'ModifyInstanceMetadataOptions',
    'ModifyInstanceMetadataOptions',
    'Publish',
    'SendMessageBatch',
  ]);
  expect(calls[1]?.parameters).toEqual({ InstanceId: A, HttpTokens: 'required', HttpEndpoint: 'enabled' });
  expect(calls[4]?.parameters).toMatchObject({
    QueueUrl: `${aws.url}/${ACCOUNT}/work`,
    Entries: [{ DelaySeconds: 900 }, { DelaySeconds: 900 }],
  });
});

it('the same batch again → told as closed, nothing is changed twice', async () => {
  aws.instances.set(A, {});
  const batch = { ...RUN, step: 'batch', index: 0, instanceIds: [A] } as const;
  await take(batch);
  aws.take();

  const { log } = await take(batch);

  expect(log).toMatchObject([{ status: 'already-remediated', told: true }]);
  expect(actions()).toEqual(['DescribeInstances', 'Publish']);
});

describe('a close', () => {
  const gauges = (lines: readonly Readonly<Record<string, unknown>>[]) =>
    lines
      .filter((line) => line.region === REGION)
      .map((line) => Object.fromEntries(Object.entries(line).filter(([name]) => name !== '_aws')));

  it('→ gauges of the region and one more scan for the account; nothing is told where nothing was closed', async () => {
    aws.instances.set(A, {}).set(B, { httpTokens: 'required' });

    const { error, metricLines } = await take({ ...RUN, step: 'summary', nonCompliantBefore: 1, requested: 1 });

    expect(error).toBeUndefined();
    expect(actions()).toEqual(['DescribeInstances']);
    const both = { service: 'imdsv2-enforcer', region: REGION };
    expect(gauges(metricLines)).toEqual([
      { ...both, Compliant: 1 },
      { ...both, Open: 1 },
      { ...both, Held: 0 },
      { ...both, Exempt: 0 },
      { ...both, OldestNonCompliantSeconds: expect.any(Number) },
    ]);
    expect(metricLines.filter((line) => line.region === undefined)).toMatchObject([
      { service: 'imdsv2-enforcer', ScanCompleted: 1 },
    ]);
  });

  it('the first of a day → the digest, from everything that can be read', async () => {
    aws.instances.set(A, {}).set(B, { httpTokens: 'required' });
    aws.prepare('DescribeRule', json({ State: 'DISABLED' }));

    const { error } = await take({ ...DAILY, step: 'summary', nonCompliantBefore: 1, requested: 0 });

    expect(error).toBeUndefined();
    const calls = aws.take();
    expect(new Set(calls.map(({ action }) => action))).toEqual(
      new Set([
        'DescribeInstances',
        'DescribeTrails',
        'GetTrailStatus',
        'DescribeRule',
        'GetQueueAttributes',
        'GetMetricData',
        'GetInstanceMetadataDefaults',
        'Publish',
      ]),
    );
    const { Subject, Message, MessageAttributes } = calls.find(({ action }) => action === 'Publish')?.parameters as {
      Subject?: string;
      Message: string;
      MessageAttributes?: unknown;
    } & Record<string, string>;
    expect(Subject).toBe(`[IMDSv2 MEDIUM] ${REGION}: 50 % compliant, 1 open, 0 closed`);
    expect(MessageAttributes).toBeUndefined(); // SNS takes them apart, in fields of their own
    const { default: body } = JSON.parse(Message) as { default: string };
    expect(JSON.parse(body)).toMatchObject({
      schema: 'imdsv2-enforcer.digest/v1',
      compliancePercent: 50,
      problems: [expect.stringMatching(/^the rule (Launch|Drift) is disabled$/)],
      instances: [{ instanceId: A, usage: { kind: 'unknown' } }],
    });
  });
});

describe('fails, so that SQS gives the step back,', () => {
  it('when a region cannot be listed', async () => {
    aws.prepare('DescribeInstances', ec2Error('InvalidParameterValue', 'what?'));

    const { error, metrics } = await take({ ...RUN, step: 'region' });

    expect(error).toMatchObject({ name: 'FailureError', kind: 'invalid' });
    expect(metrics).toEqual({});
    expect(actions()).toEqual(['DescribeInstances']);
  });

  it('when no instance of a batch could be done now; what happened is written down all the same', async () => {
    aws.instances.set(A, {});
    aws.prepare('ModifyInstanceMetadataOptions', ec2Error('SomethingNew', 'what?'));

    const { error, metrics } = await take({ ...RUN, step: 'batch', index: 0, instanceIds: [A] });

    expect(error).toMatchObject({ name: 'TryAgainError' });
    expect(metrics).toEqual({ Retried: 1 });
    expect(actions()).toEqual(['DescribeInstances', 'ModifyInstanceMetadataOptions', 'Publish']);
  });

  it('when neither SNS nor the queue takes what happened: it is told next time', async () => {
    aws.instances.set(A, {});
    aws.prepare('Publish', snsError('AuthorizationError', 'no', 403));
    aws.prepare('SendMessage', { status: 403, body: '{"__type":"AccessDeniedException","message":"no"}' });
    const batch = { ...RUN, step: 'batch', index: 0, instanceIds: [A] } as const;

    expect((await take(batch)).error).toMatchObject({ name: 'FailureError', kind: 'denied' });
    aws.take();

    expect((await take(batch)).log).toMatchObject([{ status: 'already-remediated', told: true }]);
    expect(actions()).toEqual(['DescribeInstances', 'Publish']);
  });
});

it.each(['', '{"step":', 'null', '[]', '{}', '{"source":"imdsv2-enforcer"}'])(
  'a body that is no step (%j) → a warning that is counted, and it does not come again',
  async (body) => {
    const { error, log, metrics } = await fn.invoke(message(body), 900_000);

    expect(error).toBeUndefined();
    expect(log).toMatchObject([{ level: 'WARN', message: 'not understood' }]);
    expect(metrics).toEqual({ NotUnderstood: 1 });
    expect(actions()).toEqual([]);
  },
);
