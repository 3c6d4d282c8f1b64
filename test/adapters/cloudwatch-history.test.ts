import { CloudWatchClient, GetMetricDataCommand, type MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { cloudWatchUsage } from '../../lambda/adapters/cloudwatch-usage.ts';
import { instanceId, NOW, REGION } from '../support/builders.ts';
import { after, failure } from '../support/ports.ts';

const cloudWatch = mockClient(CloudWatchClient);
const reader = cloudWatchUsage(() => new CloudWatchClient({ region: REGION }));
const [A, B] = [instanceId(1), instanceId(2)];
const WINDOW = { from: after(-3 * 3600), to: NOW, periodSeconds: 300 };
const AT = after(-600);

beforeEach(() => cloudWatch.reset());
afterAll(() => cloudWatch.restore());

const answer = (MetricDataResults: MetricDataResult[], NextToken?: string) =>
  cloudWatch.on(GetMetricDataCommand).resolves({ MetricDataResults, NextToken });

test('requests both metrics of every instance in one call', async () => {
  answer([]);

  await reader.history(REGION, [A, B], WINDOW);

  const [{ args: [{ input }] } = { args: [{ input: undefined }] }, ...others] =
    cloudWatch.commandCalls(GetMetricDataCommand);
  expect(others).toEqual([]);
  expect(input).toMatchObject({ StartTime: WINDOW.from, EndTime: NOW });
  expect(
    input?.MetricDataQueries?.map(({ MetricStat }) => [
      MetricStat?.Metric?.MetricName,
      MetricStat?.Metric?.Dimensions?.[0]?.Value,
      MetricStat?.Period,
      MetricStat?.Stat,
    ]),
  ).toEqual([
    ['MetadataNoToken', A, 300, 'Sum'],
    ['MetadataNoTokenRejected', A, 300, 'Sum'],
    ['MetadataNoToken', B, 300, 'Sum'],
    ['MetadataNoTokenRejected', B, 300, 'Sum'],
  ]);
});

test('returns the points of both metrics, in any order of results', async () => {
  answer([
    { Id: 'q3', StatusCode: 'Complete', Timestamps: [AT], Values: [2] },
    { Id: 'q0', StatusCode: 'Complete', Timestamps: [AT], Values: [0] },
    { Id: 'q1', StatusCode: 'Complete', Timestamps: [], Values: [] },
    { Id: 'q2', StatusCode: 'Complete' },
  ]);

  const NONE = { points: [], complete: true };
  expect(await reader.history(REGION, [A, B], WINDOW)).toEqual(
    new Map([
      [A, { noToken: { points: [{ at: AT, count: 0 }], complete: true }, rejected: NONE }],
      [B, { noToken: NONE, rejected: { points: [{ at: AT, count: 2 }], complete: true } }],
    ]),
  );
});

test('marks what is partial or absent as incomplete, and reads no further page', async () => {
  answer([{ Id: 'q0', StatusCode: 'PartialData', Timestamps: [AT], Values: [1] }], 'more');

  expect(await reader.history(REGION, [A], WINDOW)).toEqual(
    new Map([
      [
        A,
        {
          noToken: { points: [{ at: AT, count: 1 }], complete: false },
          rejected: { points: [], complete: false },
        },
      ],
    ]),
  );
  expect(cloudWatch.calls()).toHaveLength(1);
});

test('250 instances and the hours before a call fit into one call', async () => {
  answer([]);
  await reader.history(
    REGION,
    Array.from({ length: 250 }, (_, index) => instanceId(index)),
    WINDOW,
  );
  const [call] = cloudWatch.commandCalls(GetMetricDataCommand);
  const queries = call?.args[0].input.MetricDataQueries ?? [];
  expect(queries).toHaveLength(500);
  expect(new Set(queries.map(({ Id }) => Id)).size).toBe(500);
  // The most points that one call returns.
  expect(queries.length * (6 * 12)).toBeLessThan(100_800);
});

test('throws the failure of CloudWatch', async () => {
  cloudWatch.on(GetMetricDataCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }));
  await expect(reader.history(REGION, [A], WINDOW)).rejects.toMatchObject({ kind: failure('denied').kind });
});
