import {
  CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch';
import { ModifyInstanceMetadataOptionsCommand } from '@aws-sdk/client-ec2';
import { ec2Of, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const NOW = new Date('2026-06-01T00:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY);

async function setUp() {
  // In real time, so that the values do not change during the test.
  const sandbox = await sandboxOf({
    // The values of the last period before have arrived.
    startAt: new Date(NOW.getTime() + 10 * 60_000),
    timeScale: 1,
    regions: ['us-east-1', 'eu-west-1'],
  });
  const client = new CloudWatchClient({ ...sandbox.client(), maxAttempts: 1 });
  const add = (HttpTokens: string, launchedAt = daysAgo(100), region = 'us-east-1') =>
    sandbox.fleet(region).add({ launchedAt, options: { HttpTokens } }).id;
  const get = (input: Partial<GetMetricDataCommandInput>) =>
    client.send(new GetMetricDataCommand({ StartTime: daysAgo(3), EndTime: NOW, MetricDataQueries: [], ...input }));
  return { sandbox, client, add, get };
}

const query = (instanceId: string, more: { Id?: string; metric?: string; Period?: number; Stat?: string } = {}) => ({
  Id: more.Id ?? 'q0',
  MetricStat: {
    Metric: {
      Namespace: 'AWS/EC2',
      MetricName: more.metric ?? 'MetadataNoToken',
      Dimensions: [{ Name: 'InstanceId', Value: instanceId }],
    },
    Period: more.Period ?? DAY / 1000,
    Stat: more.Stat ?? 'Sum',
  },
});

/** Sums of one instance and metric, latest first. */
const sumsOf = async (get: Awaited<ReturnType<typeof setUp>>['get'], ...args: Parameters<typeof query>) =>
  (await get({ MetricDataQueries: [query(...args)] })).MetricDataResults?.[0]?.Values;

test('calls without a token count in one of two metrics, depending on the metadata options', async () => {
  const { sandbox, add, get } = await setUp();
  const [optional, required, unused] = [add('optional'), add('required'), add('optional')];
  for (const id of [optional, required]) sandbox.usage.set(id, { callsPerDay: 48 });
  sandbox.usage.set(unused, { callsPerDay: 0 });

  const { MetricDataResults } = await get({ MetricDataQueries: [query(optional)] });
  expect(MetricDataResults).toEqual([
    {
      Id: 'q0',
      Label: 'MetadataNoToken',
      StatusCode: 'Complete',
      Timestamps: [daysAgo(1), daysAgo(2), daysAgo(3)],
      Values: [48, 48, 48],
    },
  ]);
  expect(await sumsOf(get, optional, { Period: 3600 })).toEqual(Array.from({ length: 72 }, () => 2));
  expect(await sumsOf(get, optional, { metric: 'MetadataNoTokenRejected' })).toEqual([]);
  expect(await sumsOf(get, required, { metric: 'MetadataNoTokenRejected' })).toEqual([48, 48, 48]);
  expect(await sumsOf(get, required)).toEqual([]);
  expect(await sumsOf(get, unused)).toEqual([0, 0, 0]);
  expect(await sumsOf(get, optional, { metric: 'CPUUtilization' })).toEqual([]);
});

test('there are no values of an instance without metrics, in another region, or before the launch', async () => {
  const { sandbox, add, get } = await setUp();
  const [lost, young, otherRegion] = [
    add('optional'),
    add('optional', new Date(NOW.getTime() - 2 * HOUR)),
    add('optional', daysAgo(9), 'eu-west-1'),
  ];
  for (const id of [young, otherRegion]) sandbox.usage.set(id, { callsPerDay: 24 });
  sandbox.usage.delete(lost);
  expect(await sumsOf(get, lost)).toEqual([]);
  expect(await sumsOf(get, otherRegion)).toEqual([]);
  expect(await sumsOf(get, 'i-0123456789abcdef0')).toEqual([]);
  expect(await sumsOf(get, young, { Period: 3600 })).toEqual([1, 1]);
});

test('every instance reports zeros of the metric of its options, and none while IMDS is off', async () => {
  const { sandbox, add, get } = await setUp();
  const [optional, required] = [add('optional'), add('required')];
  const { id: off } = sandbox.fleet().add({ launchedAt: daysAgo(9), options: { HttpEndpoint: 'disabled' } });
  const both = async (id: string) => [
    await sumsOf(get, id),
    await sumsOf(get, id, { metric: 'MetadataNoTokenRejected' }),
  ];

  expect(await both(optional)).toEqual([[0, 0, 0], []]);
  expect(await both(required)).toEqual([[], [0, 0, 0]]);
  expect(await both(off)).toEqual([[], []]);
});

test('values arrive 5 to 10 minutes after the end of their period', async () => {
  const { add, get } = await setUp();
  const ids = Array.from({ length: 40 }, () => add('optional'));
  const { MetricDataResults = [] } = await get({
    StartTime: new Date(NOW.getTime() - HOUR),
    EndTime: new Date(NOW.getTime() + HOUR),
    MetricDataQueries: ids.map((id, index) => query(id, { Id: `q${index}`, Period: 300 })),
  });
  // The time is ten minutes past.
  const ages = MetricDataResults.map(({ Timestamps = [] }) => {
    const end = (Timestamps[0]?.getTime() ?? 0) + 300_000;
    return Math.round((NOW.getTime() + 600_000 - end) / 60_000);
  });
  expect([...new Set(ages)].toSorted((a, b) => a - b)).toEqual([5, 10]);
});

test('values begin with the first call and end with the last one', async () => {
  const { sandbox, add, get } = await setUp();
  const id = add('optional');
  sandbox.usage.set(id, { callsPerDay: 24, lastSeen: new Date(daysAgo(2).getTime() + 5 * HOUR) });
  expect(await sumsOf(get, id)).toEqual([0, 6, 24]);
  sandbox.usage.set(id, { callsPerDay: 24, since: new Date(daysAgo(1).getTime() - 3 * HOUR) });
  expect(await sumsOf(get, id)).toEqual([24, 3, 0]);
  sandbox.usage.delete(id);
  expect(await sumsOf(get, id)).toEqual([]);
});

test('calls are rejected after tokens are required', async () => {
  const { sandbox, add, get } = await setUp();
  const id = add('optional');
  sandbox.usage.set(id, { callsPerDay: 86_400 });
  await ec2Of(sandbox).send(
    new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpTokens: 'required', HttpEndpoint: 'enabled' }),
  );
  const { until = 0 } = sandbox.fleet().get(id)?.earlierOptions?.[0] ?? {};
  expect(until).toBeGreaterThan(NOW.getTime());
  expect(await sumsOf(get, id)).toEqual([86_400, 86_400, 86_400]);
  const later = await get({
    StartTime: new Date(NOW.getTime() - 60_000 * 60),
    EndTime: new Date(NOW.getTime() + HOUR),
    MetricDataQueries: [query(id, { metric: 'MetadataNoTokenRejected', Period: 300 })],
  });
  // They have not arrived yet; cloudwatch-changes.test.ts waits for them.
  expect(later.MetricDataResults?.[0]?.Timestamps).toEqual([]);
});

test('an instance that was stopped at an unknown time reports until its last call', async () => {
  const { sandbox, get } = await setUp();
  const ids = [undefined, new Date(daysAgo(2).getTime() + 5 * HOUR)].map((lastSeen) => {
    const { id } = sandbox.fleet().add({ launchedAt: daysAgo(100), state: 'stopped' });
    sandbox.usage.set(id, { callsPerDay: 24, lastSeen });
    return id;
  });
  expect(await sumsOf(get, ids[0] ?? '')).toEqual([]);
  expect(await sumsOf(get, ids[1] ?? '')).toEqual([6, 24]);
});

test('instances report every five minutes, and old values are retained for longer periods only', async () => {
  const { sandbox, add, get } = await setUp();
  const id = add('optional', daysAgo(400));
  sandbox.usage.set(id, { callsPerDay: 288 });
  const counts = async (days: number, Period: number, hours = 1) => {
    const [StartTime, EndTime] = [daysAgo(days), new Date(daysAgo(days).getTime() + hours * HOUR)];
    const { MetricDataResults } = await get({ StartTime, EndTime, MetricDataQueries: [query(id, { Period })] });
    return MetricDataResults?.[0]?.Values;
  };
  expect(await counts(1, 60)).toEqual(Array.from({ length: 12 }, () => 1));
  expect(await counts(20, 60)).toEqual([]);
  expect(await counts(20, 300)).toHaveLength(12);
  expect(await counts(70, 300)).toEqual([]);
  expect(await counts(70, 3600)).toEqual([12]);
});

test('GetMetricData accepts 500 queries and returns pages of values', async () => {
  const { sandbox, client, add, get } = await setUp();
  const ids = Array.from({ length: 500 }, () => add('optional'));
  ids.forEach((id, index) => sandbox.usage.set(id, { callsPerDay: index }));
  const MetricDataQueries = ids.map((id, index) => query(id, { Id: `q${index}` }));

  const input = { StartTime: daysAgo(3), EndTime: NOW, MetricDataQueries, MaxDatapoints: 400 };
  const values = new Map<string, number[]>();
  let pages = 0;
  for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, input)) {
    pages++;
    for (const { Id = '', Values = [] } of MetricDataResults) values.set(Id, [...(values.get(Id) ?? []), ...Values]);
  }
  expect(pages).toBe(4);
  expect([...values]).toEqual(ids.map((_, index) => [`q${index}`, [index, index, index]]));

  const first = await get({ ...input, MaxDatapoints: 4 });
  expect(first.MetricDataResults?.map(({ StatusCode }) => StatusCode)).toEqual(['Complete', 'PartialData']);
  const tooMany = [...MetricDataQueries, query(ids[0] ?? '', { Id: 'more' })];
  expect(await refusal(get({ MetricDataQueries: tooMany }))).toEqual(['ValidationException', 400]);
});

test.each<[what: string, input: object]>([
  ['an id that begins with a capital', { MetricDataQueries: [query('i-1', { Id: 'Q' })] }],
  ['a duplicate id', { MetricDataQueries: [query('i-1'), query('i-2')] }],
  ['a period of half a minute', { MetricDataQueries: [query('i-1', { Period: 30 })] }],
  ['an end before the start', { MetricDataQueries: [query('i-1')], EndTime: daysAgo(4) }],
  ['a metric and an expression', { MetricDataQueries: [{ ...query('i-1'), Expression: 'SELECT 1' }] }],
])('refuses %s', async (_what, input) => {
  const { get } = await setUp();
  expect(await refusal(get(input))).toEqual(['ValidationException', 400]);
});

describe('Metrics Insights', () => {
  const FROM = 'SELECT SUM(MetadataNoToken) FROM SCHEMA("AWS/EC2", InstanceId)';
  const ask = (Expression: string) => ({ MetricDataQueries: [{ Id: 'top', Expression, Period: DAY / 1000 }] });

  test('returns instances in the requested order', async () => {
    const { sandbox, add, get } = await setUp();
    const [a, b, c, required] = [add('optional'), add('optional'), add('optional'), add('required')];
    sandbox.usage.set(a, { callsPerDay: 1 });
    sandbox.usage.set(b, { callsPerDay: 300 });
    sandbox.usage.set(c, { callsPerDay: 20 });
    sandbox.usage.set(required, { callsPerDay: 1_000 });
    const result = async (Expression: string) => {
      const { MetricDataResults = [] } = await get(ask(Expression));
      return MetricDataResults.map(({ Id, Label, Values }) => [Id, Label, Values?.[0]]);
    };

    expect(await result(`${FROM} GROUP BY InstanceId ORDER BY SUM() DESC LIMIT 2`)).toEqual([
      ['top', b, 300],
      ['top', c, 20],
    ]);
    expect(await result(`${FROM}\n  GROUP BY InstanceId ORDER BY MAX() ASC`)).toEqual([
      ['top', a, 1],
      ['top', c, 20],
      ['top', b, 300],
    ]);
    expect(await result(`SELECT SUM(MetadataNoToken) FROM "AWS/EC2" WHERE InstanceId != '${b}'`)).toEqual([
      ['top', 'MetadataNoToken', 21],
    ]);
    expect(await result(`${FROM} WHERE InstanceId = '${a}' GROUP BY InstanceId`)).toEqual([['top', a, 1]]);
    expect(await result(FROM.replace('NoToken', 'NoTokenRejected') + ' GROUP BY InstanceId')).toEqual([
      ['top', required, 1_000],
    ]);
  });

  test('reads 10,000 metrics and reports if more match', async () => {
    const { sandbox, get } = await setUp();
    for (let count = 0; count < 10_050; count++) {
      sandbox.usage.set(sandbox.fleet().add({ launchedAt: daysAgo(9) }).id, { callsPerDay: 1 });
    }
    const { MetricDataResults, Messages } = await get(ask(`${FROM} GROUP BY InstanceId`));
    expect(MetricDataResults).toHaveLength(500);
    expect(Messages).toMatchObject([{ Code: 'MaxMetricsExceeded' }]);
  });

  test.each([
    'SELECT nonsense',
    `${FROM} GROUP BY Colour`,
    `${FROM} WHERE Colour = 'red'`,
    `${FROM} ORDER BY LUCK()`,
    'SELECT AVG(MetadataNoToken) FROM "AWS/EC2"',
    'SELECT SUM(Luck) FROM "AWS/EC2"',
    'q1 + q2',
  ])('refuses %s', async (expression) => {
    const { get } = await setUp();
    expect(await refusal(get(ask(expression)))).toEqual(['ValidationException', 400]);
  });
});
