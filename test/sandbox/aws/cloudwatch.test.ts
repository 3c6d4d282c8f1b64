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
  // In real time: what was measured so far does not move on.
  const sandbox = await sandboxOf({
    startAt: new Date(NOW.getTime() + 1),
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

/** Sums of one instance and metric, latest first, as they are answered. */
const sumsOf = async (get: Awaited<ReturnType<typeof setUp>>['get'], ...args: Parameters<typeof query>) =>
  (await get({ MetricDataQueries: [query(...args)] })).MetricDataResults?.[0]?.Values;

test('calls without a token, by period; which of the two metrics has them depends on the options', async () => {
  const { sandbox, add, get } = await setUp();
  const [open, closed, unused] = [add('optional'), add('required'), add('optional')];
  for (const id of [open, closed]) sandbox.usage.set(id, { callsPerDay: 48 });
  sandbox.usage.set(unused, { callsPerDay: 0 });

  const { MetricDataResults } = await get({ MetricDataQueries: [query(open)] });
  expect(MetricDataResults).toEqual([
    {
      Id: 'q0',
      Label: 'MetadataNoToken',
      StatusCode: 'Complete',
      Timestamps: [daysAgo(1), daysAgo(2), daysAgo(3)],
      Values: [48, 48, 48],
    },
  ]);
  expect(await sumsOf(get, open, { Period: 3600 })).toEqual(Array.from({ length: 72 }, () => 2));
  expect(await sumsOf(get, open, { metric: 'MetadataNoTokenRejected' })).toEqual([]);
  expect(await sumsOf(get, closed, { metric: 'MetadataNoTokenRejected' })).toEqual([48, 48, 48]);
  expect(await sumsOf(get, closed)).toEqual([]);
  expect(await sumsOf(get, unused)).toEqual([0, 0, 0]);
  expect(await sumsOf(get, open, { metric: 'CPUUtilization' })).toEqual([]);
});

test('no metrics without a setting, in another region, or before the launch', async () => {
  const { sandbox, add, get } = await setUp();
  const [unset, young, elsewhere] = [
    add('optional'),
    add('optional', new Date(NOW.getTime() - 2 * HOUR)),
    add('optional', daysAgo(9), 'eu-west-1'),
  ];
  for (const id of [young, elsewhere]) sandbox.usage.set(id, { callsPerDay: 24 });
  expect(await sumsOf(get, unset)).toEqual([]);
  expect(await sumsOf(get, elsewhere)).toEqual([]);
  expect(await sumsOf(get, 'i-0123456789abcdef0')).toEqual([]);
  expect(await sumsOf(get, young, { Period: 3600 })).toEqual([1, 1]);
});

test('the first and the last call', async () => {
  const { sandbox, add, get } = await setUp();
  const id = add('optional');
  sandbox.usage.set(id, { callsPerDay: 24, lastSeen: new Date(daysAgo(2).getTime() + 5 * HOUR) });
  expect(await sumsOf(get, id)).toEqual([0, 6, 24]);
  sandbox.usage.set(id, { callsPerDay: 24, since: new Date(daysAgo(1).getTime() - 3 * HOUR) });
  expect(await sumsOf(get, id)).toEqual([24, 3, 0]);
  sandbox.usage.delete(id);
  expect(await sumsOf(get, id)).toEqual([]);
});

test('after tokens are required, the same calls are refused', async () => {
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
  expect(later.MetricDataResults?.[0]?.Timestamps).toEqual([NOW]);
});

test('of one that was stopped nobody knows when, the last call is the last that is known', async () => {
  const { sandbox, add, get } = await setUp();
  const ids = [undefined, new Date(daysAgo(2).getTime() + 5 * HOUR)].map((lastSeen) => {
    const { id } = sandbox.fleet().add({ launchedAt: daysAgo(100), state: 'stopped' });
    sandbox.usage.set(id, { callsPerDay: 24, lastSeen });
    return id;
  });
  expect(await sumsOf(get, ids[0] ?? '')).toEqual([]);
  expect(await sumsOf(get, ids[1] ?? '')).toEqual([6, 24]);
  expect(await sumsOf(get, add('optional'))).toEqual([]);
});

test('values older than two weeks are kept by five minutes, and every instance reports every five minutes', async () => {
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

test('500 queries, in pages of values', async () => {
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
  ['ids that begin with a capital', { MetricDataQueries: [query('i-1', { Id: 'Q' })] }],
  ['an id twice', { MetricDataQueries: [query('i-1'), query('i-2')] }],
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

  test('the instances that call most', async () => {
    const { sandbox, add, get } = await setUp();
    const [a, b, c, closed] = [add('optional'), add('optional'), add('optional'), add('required')];
    sandbox.usage.set(a, { callsPerDay: 1 });
    sandbox.usage.set(b, { callsPerDay: 300 });
    sandbox.usage.set(c, { callsPerDay: 20 });
    sandbox.usage.set(closed, { callsPerDay: 1_000 });
    const found = async (Expression: string) => {
      const { MetricDataResults = [] } = await get(ask(Expression));
      return MetricDataResults.map(({ Id, Label, Values }) => [Id, Label, Values?.[0]]);
    };

    expect(await found(`${FROM} GROUP BY InstanceId ORDER BY SUM() DESC LIMIT 2`)).toEqual([
      ['top', b, 300],
      ['top', c, 20],
    ]);
    expect(await found(`${FROM}\n  GROUP BY InstanceId ORDER BY MAX() ASC`)).toEqual([
      ['top', a, 1],
      ['top', c, 20],
      ['top', b, 300],
    ]);
    expect(await found(`SELECT SUM(MetadataNoToken) FROM "AWS/EC2" WHERE InstanceId != '${b}'`)).toEqual([
      ['top', 'MetadataNoToken', 21],
    ]);
    expect(await found(`${FROM} WHERE InstanceId = '${a}' GROUP BY InstanceId`)).toEqual([['top', a, 1]]);
    expect(await found(FROM.replace('NoToken', 'NoTokenRejected') + ' GROUP BY InstanceId')).toEqual([
      ['top', closed, 1_000],
    ]);
  });

  test('reads 10,000 metrics, and says if there were more', async () => {
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
