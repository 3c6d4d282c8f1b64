import type { AlertJson } from '../../lambda/core/alert/message.ts';
import type { DigestDetail } from '../../lambda/core/digest-detail.ts';
import type { WorkloadImpactDetail } from '../../lambda/core/workload-impact.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { buildProduct } from '../../sandbox/product.ts';
import { ec2Of, launch, sandboxOf, stopAll } from '../sandbox/support.ts';

/** The deployed functions name the software that uses IMDSv1, from the event history of the local AWS. */

afterEach(stopAll);

const DAY_MS = 86_400_000;
const SOFTWARE = { userAgent: 'Boto3/1.7.84 Python/3.6.5 Botocore/1.10.84', service: 'ec2', action: 'DescribeVolumes' };

const start = async (): Promise<Sandbox> => {
  const sandbox = await sandboxOf({
    ...(await buildProduct({ mode: 'enforce' })),
    timeScale: 200,
    prewarm: 1,
    schedules: false,
    // The scan is the first of its day.
    startAt: new Date('2026-11-28T01:00:00Z'),
  });
  sandbox.clock.skipIdleTime();
  return sandbox;
};
const messages = <T extends { readonly schema: string }>(sandbox: Sandbox, schema: T['schema']) =>
  sandbox
    .topic('Outcomes')
    .messages.map(({ email, json }) => ({ email: email.body, json: JSON.parse(json.Message) as T | AlertJson }))
    .filter((message): message is { email: string; json: T } => message.json.schema === schema);

async function until(sandbox: Sandbox, reached: () => boolean): Promise<void> {
  for (; !reached(); await sandbox.clock.sleep(60_000)) sandbox.bus.fire('Drain');
}

test('the digest of the day', async () => {
  const sandbox = await start();
  const launchedAt = new Date(sandbox.clock.now() - 100 * DAY_MS);
  const { id } = sandbox.fleet().add({ launchedAt, options: { HttpTokens: 'optional' } });
  sandbox.usage.set(id, { callsPerDay: 290 });
  sandbox.software.add(id, { ...SOFTWARE, sourceIp: '198.51.100.77' }, { times: 3 });

  sandbox.bus.fire('Schedule');
  const digests = () => messages<DigestDetail>(sandbox, 'imdsv2-enforcer.digest/v1');
  await until(sandbox, () => digests().length > 0);

  const [digest] = digests();
  expect(digest?.json.callers).toMatchObject({
    instances: 1,
    software: [{ software: 'Boto3 1.7.84 (botocore 1.10.84)', diagnosis: 'upgrade', calls: 3, instanceIds: [id] }],
    unexplained: [{ instanceId: id, address: '198.51.100.77', calls: 3 }],
    notVisible: [],
  });
  expect(digest?.email).toContain('upgrade botocore 1.10.84 to 1.13.25 or later');
}, 60_000);

test('an alert on workload impact', async () => {
  const sandbox = await start();
  const ec2 = ec2Of(sandbox);
  const [id = ''] = await launch(ec2);
  sandbox.usage.set(id, { callsPerDay: 1440 * 5 });
  sandbox.software.add(id, SOFTWARE);
  const impacts = () => messages<WorkloadImpactDetail>(sandbox, 'imdsv2-enforcer.workload-impact/v1');
  await until(sandbox, () => impacts().length > 0);

  const [impact] = impacts();
  expect(impact?.json.instances).toMatchObject([
    { instanceId: id, callers: [{ software: 'Boto3 1.7.84 (botocore 1.10.84)', calls: 1 }] },
  ]);
  expect(impact?.email).toMatch(/Software: Boto3 1\.7\.84 \(botocore 1\.10\.84\) \(1 call, .*\): upgrade botocore/);
}, 60_000);
