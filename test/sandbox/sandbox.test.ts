import { jsonLines, metricsIn } from '../../sandbox/aws/lambda/logs.ts';
import { ApiError } from '../../sandbox/aws/wire/errors.ts';
import { IMAGE, sandboxOf, stopAll } from './support.ts';

afterEach(stopAll);

const RUN = { service: 'ec2', action: 'RunInstances', params: { ImageId: IMAGE, MinCount: '1', MaxCount: '1' } };

test('calls can be made without HTTP and are logged like others', async () => {
  const sandbox = await sandboxOf({ callers: { AKIAANA: { arn: 'arn:aws:iam::111122223333:user/ana' } } });
  const answer = await sandbox.call({ ...RUN, accessKeyId: 'AKIAANA' });
  const [instance] = sandbox.fleet().instances();
  expect(answer).toMatchObject({ instancesSet: [{ instanceId: instance?.id }] });
  await expect(sandbox.call({ ...RUN, region: 'eu-west-1' })).rejects.toThrow(ApiError);
  expect(sandbox.calls.all()).toMatchObject([
    { action: 'RunInstances', region: 'us-east-1', outcome: 'ok', caller: 'arn:aws:iam::111122223333:user/ana' },
    { action: 'RunInstances', region: 'eu-west-1', outcome: 'AuthFailure' },
  ]);
  expect(sandbox.calls.of('RunInstances', { outcome: 'ok' })).toHaveLength(1);
});

test('an unsupported action is refused as invalid', async () => {
  const sandbox = await sandboxOf();
  for (const service of ['ec2', 'sns', 'sqs', 'sts']) {
    await expect(sandbox.call({ service, action: 'MakeCoffee', params: {} })).rejects.toMatchObject({
      code: 'InvalidAction',
    });
  }
});

test('idle reports what is in progress, and rejects when the sandbox is stopped', async () => {
  const sandbox = await sandboxOf({ timeScale: 1 });
  await sandbox.call(RUN);
  expect(sandbox.inProgress()).toContain('1 × instance to be running');
  await expect(sandbox.idle(5)).rejects.toThrow(/still in progress after 5 ms: .*instance to be running/);
  const idle = expect(sandbox.idle()).rejects.toThrow('stopped');
  await sandbox.stop();
  await idle;
});

test('an existing instance is added without events and calls', async () => {
  const sandbox = await sandboxOf();
  const launchedAt = new Date('2026-01-02T03:04:05Z');
  const { id } = sandbox
    .fleet()
    .add({ launchedAt, state: 'stopped', tags: { Name: 'old' }, options: { HttpEndpoint: 'disabled' } });
  await sandbox.idle();
  expect(sandbox.events).toEqual([]);
  expect(sandbox.calls.all()).toEqual([]);
  expect(sandbox.fleet().get(id)).toMatchObject({
    state: 'stopped',
    launchedAt: launchedAt.getTime(),
    options: { HttpTokens: 'optional', HttpEndpoint: 'disabled' },
    optionsState: 'applied',
  });
});

test('logs and metrics are parsed from log lines', () => {
  const line = (text: string) => ({ at: 5, functionName: 'f', requestId: 'r', text });
  const directive = {
    Namespace: 'N',
    Dimensions: [['service']],
    Metrics: [{ Name: 'Remediated', Unit: 'Count' }, { Name: 'Seconds' }],
  };
  const metric = { _aws: { CloudWatchMetrics: [directive] }, service: 's', Remediated: 2, Seconds: [1, 3] };
  const lines = [line('plain text'), line('{broken'), line('{"message":"hello"}'), line(JSON.stringify(metric))];

  expect(jsonLines(lines).map(({ json }) => json['message'])).toEqual(['hello', undefined]);
  const common = { at: 5, namespace: 'N', dimensions: { service: 's' } };
  expect(metricsIn(lines)).toEqual([
    { ...common, name: 'Remediated', unit: 'Count', value: 2 },
    { ...common, name: 'Seconds', unit: 'None', value: 1 },
    { ...common, name: 'Seconds', unit: 'None', value: 3 },
  ]);
});
