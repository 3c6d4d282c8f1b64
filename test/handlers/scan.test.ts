import { type ScanStep, toScanMessage } from '../../lambda/triggers/scan.ts';
import { ACCOUNT, INSTANCE, instanceId, REGION } from '../support/builders.ts';
import { launchEvent } from '../support/events.ts';
import { batchOf, detailsIn, type LambdaFunction, loadScan } from '../support/function.ts';
import { ec2Error, type Loopback, startLoopback } from '../support/loopback.ts';

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
const runStep = (step: ScanStep) => fn.invoke(message(toScanMessage(step)), 900_000);
const actions = (): string[] => aws.take().map(({ action }) => action);
/** The bodies of the sent messages. */
const sentBodies = () =>
  aws.take('SendMessageBatch').flatMap(({ parameters }) => {
    const entries = parameters.Entries as readonly { readonly MessageBody: string }[];
    return entries.map(({ MessageBody }) => JSON.parse(MessageBody) as object);
  });

it('sends one step for each region to the scan queue after the event of the schedule', async () => {
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
  expect(calls.map(({ action }) => action)).toEqual([
    'DescribeRegions',
    'SendMessageBatch',
    // What was given up.
    'ReceiveMessage',
  ]);
  expect(calls[1]?.parameters).toMatchObject({
    QueueUrl: `${aws.url}/${ACCOUNT}/scan.fifo`,
    Entries: [{ MessageGroupId: REGION, MessageBody: JSON.stringify(toScanMessage({ ...RUN, step: 'region' })) }],
  });
});

it('sends the instances with IMDSv1 enabled as a batch, and then the summary; a wrong exemption tag does not count', async () => {
  aws.instances
    .set(A, {})
    .set(B, { httpTokens: 'required' })
    .set(C, { tags: { 'imdsv2:exempt-until': 'soon' } });

  expect((await runStep({ ...RUN, step: 'region' })).error).toBeUndefined();

  expect(sentBodies()).toEqual([
    toScanMessage({ ...RUN, step: 'batch', index: 0, instanceIds: [A, C] }),
    toScanMessage({ ...RUN, step: 'summary', requestedIds: [A, C] }),
  ]);
});

it('handles a batch with one describe, one call for events, and a change and a check for each non-compliant instance', async () => {
  aws.instances.set(A, {}).set(B, { httpTokens: 'required' }).set(C, {});

  const { error, log, metrics } = await runStep({ ...RUN, step: 'batch', index: 0, instanceIds: [A, B, C] });

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
    'PutEvents',
    'SendMessageBatch',
  ]);
  expect(calls[1]?.parameters).toEqual({ InstanceId: A, HttpTokens: 'required', HttpEndpoint: 'enabled' });
  expect(calls[4]?.parameters).toMatchObject({
    QueueUrl: `${aws.url}/${ACCOUNT}/checks`,
    Entries: [{ DelaySeconds: 900 }, { DelaySeconds: 900 }],
  });
});

it('reports the instances of a repeated batch as already remediated', async () => {
  aws.instances.set(A, {});
  const batch = { ...RUN, step: 'batch', index: 0, instanceIds: [A] } as const;
  await runStep(batch);
  aws.take();

  const { log } = await runStep(batch);

  expect(log).toMatchObject([{ status: 'already-remediated', notified: true }]);
  expect(actions()).toEqual(['DescribeInstances', 'PutEvents']);
});

it('notifies what was given up, and sends its message to the dead-letter queue', async () => {
  aws.instances.set(INSTANCE, {});
  const event = launchEvent({ items: [{ instanceId: INSTANCE, httpTokens: 'optional' }] });

  const { error, result } = await fn.invoke(batchOf(event, 'not JSON'), 900_000);

  expect([error, result]).toEqual([undefined, { batchItemFailures: [] }]);
  const calls = aws.take();
  expect(calls.map(({ action }) => action)).toEqual(['DescribeInstances', 'PutEvents', 'SendMessageBatch']);
  expect(detailsIn(calls)).toMatchObject([{ severity: 'CRITICAL', reason: 'given-up', instanceId: INSTANCE }]);
  expect(calls[2]?.parameters).toMatchObject({
    QueueUrl: `${aws.url}/${ACCOUNT}/dead`,
    Entries: [{ MessageBody: JSON.stringify(event) }],
  });
});

describe('a summary', () => {
  const gauges = (lines: readonly Readonly<Record<string, unknown>>[]) =>
    lines
      .filter((line) => line.region === REGION)
      .map((line) => Object.fromEntries(Object.entries(line).filter(([name]) => name !== '_aws')));

  it('emits the gauges of the region and one completed scan, and sends no digest without remediation', async () => {
    aws.instances.set(A, {}).set(B, { httpTokens: 'required' });

    const { error, metricLines } = await runStep({ ...RUN, step: 'summary', requestedIds: [A] });

    expect(error).toBeUndefined();
    // Only the non-compliant instances first, to compare their number.
    expect(actions()).toEqual(['DescribeInstances', 'DescribeInstances']);
    const both = { service: 'imdsv2-enforcer', region: REGION };
    expect(gauges(metricLines)).toEqual([
      { ...both, Compliant: 1 },
      { ...both, NonCompliant: 1 },
      { ...both, NeedsReview: 0 },
      { ...both, Exempt: 0 },
      { ...both, OldestNonCompliantSeconds: expect.any(Number) },
    ]);
    expect(metricLines.filter((line) => line.region === undefined)).toMatchObject([
      { service: 'imdsv2-enforcer', ScanCompleted: 1 },
    ]);
  });

  it('sends the digest in the first run of a day', async () => {
    aws.instances.set(A, {}).set(B, { httpTokens: 'required' });

    const { error } = await runStep({ ...DAILY, step: 'summary', requestedIds: [] });

    expect(error).toBeUndefined();
    const calls = aws.take();
    expect(new Set(calls.map(({ action }) => action))).toEqual(
      new Set([
        ...['DescribeInstances', 'ListStackResources', 'GetMetricData', 'GetInstanceMetadataDefaults', 'PutEvents'],
        ...['DescribeLaunchTemplates', 'DescribeLaunchTemplateVersions', 'DescribeAutoScalingGroups'],
        ...['DescribeLaunchConfigurations', 'DescribeFleets', 'DescribeSpotFleetRequests'],
        'DescribeSpotInstanceRequests',
      ]),
    );
    expect(detailsIn(calls)).toMatchObject([
      {
        schema: 'imdsv2-enforcer.digest/v1',
        compliancePercent: 50,
        problems: [expect.stringMatching(/^trail, rules, .*: could not be checked: /)],
        instances: [{ instanceId: A, usage: { kind: 'unknown' } }],
      },
    ]);
  });
});

describe('the step fails, so that SQS delivers it again, if', () => {
  it('a region cannot be listed', async () => {
    aws.prepare('DescribeInstances', ec2Error('InvalidParameterValue', 'what?'));

    const { error, metrics } = await runStep({ ...RUN, step: 'region' });

    expect(error).toMatchObject({ name: 'FailureError', kind: 'invalid' });
    expect(metrics).toEqual({});
    expect(actions()).toEqual(['DescribeInstances']);
  });

  it('every instance of a batch must be retried', async () => {
    aws.instances.set(A, {});
    aws.prepare('ModifyInstanceMetadataOptions', ec2Error('SomethingNew', 'what?'));

    const { error, metrics } = await runStep({ ...RUN, step: 'batch', index: 0, instanceIds: [A] });

    expect(error).toMatchObject({ name: 'RetryableError' });
    expect(metrics).toEqual({ Retried: 1 });
    expect(actions()).toEqual(['DescribeInstances', 'ModifyInstanceMetadataOptions']);
  });

  it('the event bus does not accept the outcome, which is then notified by the retry', async () => {
    aws.instances.set(A, {});
    aws.prepare('PutEvents', { status: 400, body: '{"__type":"AccessDeniedException","message":"no"}' });
    const batch = { ...RUN, step: 'batch', index: 0, instanceIds: [A] } as const;

    expect((await runStep(batch)).error).toMatchObject({ name: 'RetryableError' });
    aws.take();

    expect((await runStep(batch)).log).toMatchObject([{ status: 'already-remediated', notified: true }]);
    expect(actions()).toEqual(['DescribeInstances', 'PutEvents']);
  });
});

it.each(['', '{"step":', 'null', '[]', '{}', '{"source":"imdsv2-enforcer"}'])(
  'reports the body %j as not understood',
  async (body) => {
    const { error, log, metrics } = await fn.invoke(message(body), 900_000);

    expect(error).toBeUndefined();
    expect(log).toMatchObject([{ level: 'WARN', message: 'not understood' }]);
    expect(metrics).toEqual({ NotUnderstood: 1 });
    expect(actions()).toEqual([]);
  },
);
