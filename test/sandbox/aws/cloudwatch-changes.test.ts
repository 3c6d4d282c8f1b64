import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { ModifyInstanceMetadataOptionsCommand, StartInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { ec2Of, sandboxOf, stopAll } from '../support.ts';

const clients: CloudWatchClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await stopAll();
});

const NOW = new Date('2026-06-01T00:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const METRICS = ['MetadataNoToken', 'MetadataNoTokenRejected'];

/** A fast sandbox with an instance that makes one call every five minutes. */
async function setUp() {
  const sandbox = await sandboxOf({ startAt: NOW, timeScale: 16_000 });
  const client = new CloudWatchClient({ ...sandbox.client(), maxAttempts: 1 });
  clients.push(client);
  const id = sandbox.fleet().add({ launchedAt: new Date(NOW.getTime() - 100 * DAY) }).id;
  sandbox.usage.set(id, { callsPerDay: 288 });
  const pass = () => sandbox.clock.sleep(30 * 60_000);
  const from = sandbox.clock.now();
  /** The calls since the start that succeeded, and those that were rejected. */
  const sums = async () => {
    const { MetricDataResults = [] } = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(Math.ceil(from / 300_000) * 300_000),
        EndTime: new Date(sandbox.clock.now() + HOUR),
        MetricDataQueries: METRICS.map((MetricName, index) => ({
          Id: `q${index}`,
          MetricStat: {
            Metric: { Namespace: 'AWS/EC2', MetricName, Dimensions: [{ Name: 'InstanceId', Value: id }] },
            Period: 300,
            Stat: 'Sum',
          },
        })),
      }),
    );
    return MetricDataResults.map(({ Timestamps = [], Values = [] }) => ({
      latest: Timestamps[0]?.getTime() ?? 0,
      sum: Values.reduce((sum, value) => sum + value, 0),
      periods: Values.length,
    }));
  };
  return { sandbox, ec2: ec2Of(sandbox), id, pass, sums };
}

test('calls are rejected while tokens are required, and succeed again after a rollback', async () => {
  const { ec2, id, pass, sums } = await setUp();
  const set = (HttpTokens: 'required' | 'optional') =>
    ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId: id, HttpTokens, HttpEndpoint: 'enabled' }));
  await pass();
  await set('required');
  await pass();
  const [succeeded, rejected] = await sums();
  expect(succeeded?.sum).toBeGreaterThanOrEqual(4);
  expect(rejected?.sum).toBeGreaterThanOrEqual(4);
  expect(rejected?.latest).toBeGreaterThan(succeeded?.latest ?? Infinity);

  await set('optional');
  await pass();
  const [again, before] = await sums();
  expect(again?.sum).toBeGreaterThanOrEqual((succeeded?.sum ?? 0) + 4);
  expect(again?.latest).toBeGreaterThan(before?.latest ?? Infinity);
  await pass();
  expect((await sums())[1]).toEqual(before);
});

test('a stopped instance reports no metrics until it runs again', async () => {
  const { sandbox, ec2, id, pass, sums } = await setUp();
  await pass();
  await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await sandbox.idle();
  await pass();
  const [before] = await sums();
  expect(before?.periods).toBeGreaterThanOrEqual(5);
  await pass();
  expect((await sums())[0]).toEqual(before);
  await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  await sandbox.idle();
  await pass();
  const [after] = await sums();
  expect(after?.periods).toBeGreaterThanOrEqual((before?.periods ?? 0) + 5);
  const elapsed = ((after?.latest ?? 0) - Math.ceil(NOW.getTime() / 300_000) * 300_000) / 300_000;
  expect(after?.periods).toBeLessThanOrEqual(elapsed - 4);
});
