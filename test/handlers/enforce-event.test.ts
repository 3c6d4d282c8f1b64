import { EVENT_ID, INSTANCE, instanceId, REGION } from '../support/builders.ts';
import { driftEvent, launchEvent, runningEvent } from '../support/events.ts';
import { batchOf, detailsIn, functionOnLoopback, unfinished } from '../support/function.ts';
import { ec2Error } from '../support/loopback.ts';

const { aws, fn } = functionOnLoopback();

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const actions = (): string[] => aws.take().map(({ action }) => action);

describe('a launch with IMDSv1', () => {
  it('causes one describe, one change, one event, one check, one log line and one line of metrics', async () => {
    aws.instances.set(INSTANCE, {});

    const { result, error, log, metrics, metricLines } = await fn.invoke(batchOf(launchEvent()));

    expect([result, error]).toEqual([unfinished(), undefined]);
    const calls = aws.take();
    // The event and the check are sent at the same time.
    expect(calls.map(({ action }) => action)).toEqual([
      'DescribeInstances',
      'ModifyInstanceMetadataOptions',
      expect.stringMatching(/^(PutEvents|SendMessageBatch)$/),
      expect.stringMatching(/^(PutEvents|SendMessageBatch)$/),
    ]);
    const [, modify] = calls;
    expect(modify?.parameters).toEqual({ InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled' });
    expect(detailsIn(calls)).toMatchObject([{ severity: 'MEDIUM', status: 'remediated', instanceId: INSTANCE }]);
    expect(aws.instances.get(INSTANCE)).toMatchObject({ httpTokens: 'required' });

    const exposed = expect.any(Number);
    expect(log).toMatchObject([
      {
        level: 'INFO',
        message: 'outcome',
        service: 'imdsv2-enforcer',
        accountId: '111122223333',
        region: REGION,
        instanceId: INSTANCE,
        trigger: 'launch',
        eventId: EVENT_ID,
        status: 'remediated',
        reason: 'imdsv1-enabled',
        severity: 'MEDIUM',
        exposedSeconds: exposed,
        caller: 'arn:aws:sts::111122223333:assumed-role/deployer/kim',
        function_request_id: '6d1f0a2b-3c4d-4e5f-8a9b-0c1d2e3f4a5b',
      },
    ]);
    expect(log).toHaveLength(1);
    expect(metrics).toEqual({ Remediated: 1, ExposureSeconds: exposed });
    expect(metrics.ExposureSeconds).toBe(log[0]?.exposedSeconds);
    expect(metricLines).toMatchObject([
      {
        service: 'imdsv2-enforcer',
        _aws: { CloudWatchMetrics: [{ Namespace: 'Imdsv2Enforcer', Dimensions: [['service']] }] },
      },
    ]);
  });

  it('of 120 instances is counted completely, although a line of metrics has at most 100 values', async () => {
    const ids = Array.from({ length: 120 }, (_, index) => instanceId(index));
    ids.forEach((id) => aws.instances.set(id, { state: 'terminated' }));
    ids.slice(0, 110).forEach((id) => aws.instances.set(id, { tags: { 'imdsv2:exempt-until': 'soon' } }));

    const { log, metrics } = await fn.invoke(
      batchOf(launchEvent({ items: ids.map((id) => ({ instanceId: id, httpTokens: 'optional' })) })),
    );

    expect(metrics).toEqual({ NeedsReview: 110 });
    expect(log).toHaveLength(120);
    // Ten events in each call.
    expect(actions()).toEqual(['DescribeInstances', ...Array.from({ length: 11 }, () => 'PutEvents')]);
  });

  it('that is delivered twice is reported as already remediated the second time', async () => {
    aws.instances.set(INSTANCE, {});
    await fn.invoke(batchOf(launchEvent()));
    aws.take();

    const { log, metrics } = await fn.invoke(batchOf(launchEvent()));

    expect(log).toMatchObject([{ status: 'already-remediated' }]);
    expect(metrics).toEqual({});
    expect(actions()).toEqual(['DescribeInstances', 'PutEvents']);
  });
});

it('counts drift separately, for the alarm on repeated drift', async () => {
  aws.instances.set(INSTANCE, {});

  const { log, metrics } = await fn.invoke(batchOf(driftEvent()));

  expect(log).toMatchObject([{ status: 'remediated', severity: 'HIGH', trigger: 'drift' }]);
  expect(metrics).toMatchObject({ Remediated: 1, DriftRemediated: 1 });
});

it.each([
  ['an instance that is exempt for another week', { tags: { 'imdsv2:exempt-until': inDays(7) } }, { Exempt: 1 }],
  ['an exemption that exceeds the maximum', { tags: { 'imdsv2:exempt-until': inDays(1000) } }, { NeedsReview: 1 }],
  ['a compliant instance', { httpTokens: 'required' }, {}],
  ['an instance without IMDS', { httpEndpoint: 'disabled' }, {}],
])('does not change %s', async (_, instance, metrics) => {
  aws.instances.set(INSTANCE, instance);

  expect((await fn.invoke(batchOf(launchEvent()))).metrics).toEqual(metrics);
  expect(actions()).not.toContain('ModifyInstanceMetadataOptions');
});

describe('the message is delivered again if', () => {
  it.each([
    [
      'EC2 fails until the deadline',
      () => {
        aws.instances.set(INSTANCE, { launchedAt: new Date() });
        const failed = ec2Error('InternalError', 'away', 500);
        aws.prepare('ModifyInstanceMetadataOptions', ...Array.from({ length: 300 }, () => failed));
      },
    ],
    [
      'the connection breaks repeatedly',
      () => {
        aws.prepare('DescribeInstances', ...Array.from({ length: 2000 }, () => 'reset' as const));
      },
    ],
  ])('%s', async (_, arrange) => {
    arrange();

    // The deadline is 0.7 seconds away.
    const { result, log, metrics } = await fn.invoke(batchOf(launchEvent()), 15_700);

    expect(result).toEqual(unfinished('m1'));
    expect(log).toMatchObject([{ level: 'WARN', status: 'failed', reason: 'unavailable', notified: false }]);
    expect(metrics).toEqual({ Retried: 1 });
    expect(aws.take('PutEvents')).toEqual([]);
  });

  it('the event bus does not accept the outcome', async () => {
    aws.instances.set(INSTANCE, {});
    aws.prepare('PutEvents', { status: 400, body: '{"__type":"AccessDeniedException","message":"no"}' });

    const { result, metrics } = await fn.invoke(batchOf(launchEvent()));

    expect(result).toEqual(unfinished('m1'));
    expect(metrics).toMatchObject({ Remediated: 1 });
  });
});

describe('an instance is handed back to the queue, and not notified, if', () => {
  it.each([
    ['EC2 does not return it yet', () => undefined],
    [
      'EC2 throttles the change',
      () => {
        aws.instances.set(INSTANCE, { launchedAt: new Date() });
        aws.prepare('ModifyInstanceMetadataOptions', ec2Error('RequestLimitExceeded', 'slow down', 503));
      },
    ],
  ])('%s', async (_, arrange) => {
    arrange();

    // Another region, because a throttled call slows down the changes of later tests in the same region.
    const recent = { region: 'ap-south-1', time: new Date().toISOString(), detail: { eventTime: undefined } };
    const { result, log, metrics } = await fn.invoke(batchOf(launchEvent(recent)));

    expect([result, log]).toEqual([unfinished(), []]);
    expect(metrics).toEqual({ HandedBack: 1 });
    const [put, ...others] = aws.take('SendMessageBatch');
    expect(others).toEqual([]);
    const [entry] = put?.parameters.Entries as [{ MessageBody: string; DelaySeconds: number }];
    expect(JSON.parse(entry.MessageBody)).toMatchObject({ detail: { instanceId: INSTANCE, trigger: 'launch' } });
    expect(entry.DelaySeconds).toBeGreaterThan(0);
  });
});

it('succeeds after a permanent failure, which is notified', async () => {
  aws.instances.set(INSTANCE, {});
  aws.prepare('ModifyInstanceMetadataOptions', ec2Error('UnauthorizedOperation', 'not you', 403));

  const { error, log, metrics } = await fn.invoke(batchOf(launchEvent()));

  expect(error).toBeUndefined();
  expect(log).toMatchObject([
    {
      level: 'WARN',
      status: 'failed',
      reason: 'denied',
      severity: 'CRITICAL',
      detail: expect.stringMatching('not you'),
    },
  ]);
  expect(metrics).toEqual({ Failed: 1 });
  expect(detailsIn(aws.take())).toMatchObject([{ severity: 'CRITICAL', status: 'failed' }]);
});

it('records a finding for a running-state event, and changes nothing', async () => {
  aws.instances.set(INSTANCE, {});

  const { log } = await fn.invoke(batchOf(runningEvent()));

  expect(log).toMatchObject([{ status: 'skipped', reason: 'recorded' }]);
  expect(actions()).toEqual(['DescribeInstances', 'SendMessageBatch']);
});

it('skips and logs an event of another account, without a call', async () => {
  const { error, log, metrics } = await fn.invoke(batchOf(launchEvent({ account: '444455556666' })));

  expect(error).toBeUndefined();
  expect(log).toMatchObject([
    { level: 'WARN', message: 'event of another account skipped', account: '444455556666', eventId: EVENT_ID },
  ]);
  expect(metrics).toEqual({});
  expect(actions()).toEqual([]);
});
