import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { cloudWatchUsage } from '../../lambda/adapters/cloudwatch-usage.ts';
import { measureUsage } from '../../lambda/app/measure-usage.ts';
import type { RejectionReader, UsageQuestion, UsageReader } from '../../lambda/app/ports/index.ts';
import { USAGE_RULES, windowOf } from '../../lambda/core/usage.ts';
import { INSTANCE, instanceId, NOW, REGION } from '../support/builders.ts';
import { json, type Loopback, startLoopback } from '../support/loopback.ts';
import { virtualTime } from '../support/ports.ts';

let aws: Loopback;
let client: CloudWatchClient;
let usage: UsageReader & RejectionReader;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  client = new CloudWatchClient({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
  usage = cloudWatchUsage(() => client);
});
beforeEach(() => aws.reset());
afterAll(async () => {
  client.destroy();
  await aws.close();
});

const WINDOW = windowOf(NOW, USAGE_RULES);
const question = (names: readonly string[]): UsageQuestion => ({
  region: REGION,
  metric: 'MetadataNoToken',
  dimension: 'InstanceId',
  names,
  window: WINDOW,
});
const at = (hour: number): Date => new Date(NOW.getTime() - hour * 3_600_000);

/** A result in CloudWatch's JSON, with times in seconds. */
const result = (Id: string, StatusCode: string, points: readonly (readonly [at: Date, count: number])[]) => ({
  Id,
  Label: 'MetadataNoToken',
  StatusCode,
  Timestamps: points.map(([time]) => time.getTime() / 1000),
  Values: points.map(([, count]) => count),
});
const answer = (results: readonly unknown[], NextToken?: string) =>
  json({ MetricDataResults: results, NextToken, Messages: [] });
const refusal = (type: string, status = 400) =>
  json({ __type: `com.amazonaws.cloudwatch#${type}`, message: 'no' }, status);
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => instanceId(index));

describe('page', () => {
  it('requests the sum of every instance over the window', async () => {
    aws.prepare('GetMetricData', answer([]));
    await usage.page(question([INSTANCE]));

    const [call] = aws.take();
    expect(call?.parameters).toEqual({
      MetricDataQueries: [
        {
          Id: 'q0',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/EC2',
              MetricName: 'MetadataNoToken',
              Dimensions: [{ Name: 'InstanceId', Value: INSTANCE }],
            },
            Period: WINDOW.periodSeconds,
            Stat: 'Sum',
          },
        },
      ],
      StartTime: WINDOW.from.getTime() / 1000,
      EndTime: WINDOW.to.getTime() / 1000,
    });
  });

  it('returns the points of each instance, including zeros, in any order', async () => {
    const [one, other] = [instanceId(1), instanceId(2)];
    aws.prepare(
      'GetMetricData',
      answer([result('q1', 'Complete', [[at(2), 7]]), result('q0', 'Complete', [[at(4), 0]])]),
    );

    const { measurements, next } = await usage.page(question([one, other]));
    expect(measurements.get(one)).toEqual({ points: [{ at: at(4), count: 0 }], complete: true });
    expect(measurements.get(other)).toEqual({ points: [{ at: at(2), count: 7 }], complete: true });
    expect(next).toBeUndefined();
  });

  it.each(['PartialData', 'InternalError', 'Forbidden'])('is not complete with the status %s', async (status) => {
    aws.prepare('GetMetricData', answer([result('q0', status, [[at(2), 1]])]));
    const { measurements } = await usage.page(question([INSTANCE]));
    expect(measurements.get(INSTANCE)).toEqual({ points: [{ at: at(2), count: 1 }], complete: false });
  });

  it('ignores a result that was not requested', async () => {
    aws.prepare(
      'GetMetricData',
      answer([result('q7', 'Complete', []), result('e', 'Complete', []), { StatusCode: 'Complete' }]),
    );
    expect((await usage.page(question([INSTANCE]))).measurements.size).toBe(0);
  });

  it.each([
    ['ThrottlingException', 400, 'throttled'],
    ['Throttling', 400, 'throttled'],
    ['AccessDeniedException', 400, 'denied'],
    ['AccessDenied', 403, 'denied'],
    ['InternalServiceFault', 500, 'unavailable'],
    ['ServiceUnavailableException', 503, 'unavailable'],
    ['InvalidParameterValueException', 400, 'invalid'],
    ['InvalidParameterCombinationException', 400, 'invalid'],
  ])('%s (%i) → %s', async (type, status, kind) => {
    aws.prepare('GetMetricData', refusal(type, status));
    await expect(usage.page(question([INSTANCE]))).rejects.toMatchObject({ name: 'FailureError', kind });
  });
});

describe('measureUsage', () => {
  it('requests 500 instances per call, each once, and counts the requested metrics', async () => {
    aws.prepare('GetMetricData', answer([]), answer([]), answer([]));
    const { measurements, metricsAsked } = await measureUsage(
      question([...ids(1200), instanceId(5)]),
      usage,
      virtualTime(),
    );

    const asked = aws.take().map(({ parameters }) => parameters.MetricDataQueries as readonly unknown[]);
    expect(asked.map((queries) => queries.length)).toEqual([500, 500, 200]);
    expect(metricsAsked).toBe(1200);
    expect(measurements.size).toBe(1200);
  });

  it('makes no call without instances', async () => {
    expect(await measureUsage(question([]), usage, virtualTime())).toMatchObject({ metricsAsked: 0 });
    expect(aws.take()).toEqual([]);
  });

  it('returns an incomplete measurement of an instance without a result', async () => {
    aws.prepare('GetMetricData', answer([]));
    const { measurements } = await measureUsage(question([INSTANCE]), usage, virtualTime());
    expect(measurements.get(INSTANCE)).toEqual({ points: [], complete: false });
  });

  it('joins the points of several pages; the last status of an instance counts', async () => {
    aws.prepare(
      'GetMetricData',
      answer([result('q0', 'PartialData', [[at(2), 1]]), result('q1', 'PartialData', [[at(2), 0]])], 'more'),
      answer([result('q0', 'Complete', [[at(4), 2]])]),
    );
    const { measurements, metricsAsked } = await measureUsage(question(ids(2)), usage, virtualTime());

    expect(measurements.get(instanceId(0))).toEqual({
      points: [
        { at: at(2), count: 1 },
        { at: at(4), count: 2 },
      ],
      complete: true,
    });
    expect(measurements.get(instanceId(1))).toMatchObject({ complete: false });
    expect(aws.take().map(({ parameters }) => parameters.NextToken)).toEqual([undefined, 'more']);
    expect(metricsAsked).toBe(4);
  });

  it('repeats a throttled page, not the pages before it', async () => {
    aws.prepare('GetMetricData', answer([], 'more'), refusal('ThrottlingException'), answer([]));
    await measureUsage(question([INSTANCE]), usage, virtualTime());
    expect(aws.take().map(({ parameters }) => parameters.NextToken)).toEqual([undefined, 'more', 'more']);
  });

  it('throws a permanent failure', async () => {
    aws.prepare('GetMetricData', refusal('AccessDeniedException'));
    await expect(measureUsage(question([INSTANCE]), usage, virtualTime())).rejects.toMatchObject({ kind: 'denied' });
  });
});

describe('mostRejected', () => {
  const DAY = { from: at(24), to: NOW, periodSeconds: 3600 };
  const series = (Label: string | undefined, ...Values: readonly number[]) => ({ Id: 'q0', Label, Values });

  it('uses one query, whatever the number of instances', async () => {
    aws.prepare('GetMetricData', answer([]));
    await usage.mostRejected(REGION, DAY);

    const [call, ...others] = aws.take();
    expect(others).toEqual([]);
    expect(call?.parameters).toEqual({
      MetricDataQueries: [
        {
          Id: 'q0',
          Expression:
            'SELECT SUM(MetadataNoTokenRejected) FROM SCHEMA("AWS/EC2", InstanceId) GROUP BY InstanceId ORDER BY SUM() DESC LIMIT 100',
          Period: 3600,
        },
      ],
      StartTime: at(24).getTime() / 1000,
      EndTime: NOW.getTime() / 1000,
    });
  });

  it('sums up each instance, omits instances without rejected calls, and keeps the order', async () => {
    const [one, two, three] = [instanceId(1), instanceId(2), instanceId(3)];
    aws.prepare('GetMetricData', answer([series(two, 5, 7), series(one, 1, 0), series(three, 0, 0), series(three)]));
    expect([...(await usage.mostRejected(REGION, DAY))]).toEqual([
      [two, 12],
      [one, 1],
    ]);
  });

  it('omits labels that are not instance ids, and normalizes ids', async () => {
    const labels = ['Other', '', 'i-../../x', 'i-0a1b2c3d; id', undefined];
    aws.prepare(
      'GetMetricData',
      answer([...labels.map((label) => series(label, 1)), series(' I-0A1B2C3D4E5F60718', 2)]),
    );
    expect([...(await usage.mostRejected(REGION, DAY))]).toEqual([['i-0a1b2c3d4e5f60718', 2]]);
  });

  it.each([
    ['AccessDeniedException', 'denied'],
    ['ThrottlingException', 'throttled'],
  ])('%s → %s', async (type, kind) => {
    aws.prepare('GetMetricData', refusal(type));
    await expect(usage.mostRejected(REGION, DAY)).rejects.toMatchObject({ name: 'FailureError', kind });
  });
});
