import type { ScanConfig } from '../../lambda/config.ts';
import { toScanMessage } from '../../lambda/triggers/scan.ts';
import { ACCOUNT, INSTANCE, REGION } from '../support/builders.ts';
import { type LambdaFunction, loadScan } from '../support/function.ts';
import { type Loopback, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let loaded: LambdaFunction | undefined;

beforeAll(async () => {
  aws = await startLoopback();
});
beforeEach(() => {
  aws.reset();
  jest.resetModules(); // each test is a cold start
});
afterEach(() => loaded?.restoreEnvironment());
afterAll(() => aws.close());

const coldStart = async (config: Partial<ScanConfig>): Promise<LambdaFunction> =>
  (loaded = await loadScan(aws, config));
const RUN = { account: ACCOUNT, region: REGION, startedAt: new Date('2026-11-22T12:00:00Z') };
const message = (step: Parameters<typeof toScanMessage>[0]) => ({
  Records: [
    {
      messageId: 'm1',
      body: JSON.stringify(toScanMessage(step)),
      attributes: { MessageGroupId: step.region },
      eventSource: 'aws:sqs',
    },
  ],
});
const region = message({ ...RUN, step: 'region' });
const batch = message({ ...RUN, step: 'batch', index: 0, instanceIds: [INSTANCE] });
const actions = (): string[] => aws.take().map(({ action }) => action);

it('fails at cold start with all problems of its configuration', async () => {
  const bad = { mode: 'enfroce', scanQueueUrl: 'scan', stackName: 'a b', scanEveryHours: 5 };

  await expect(coldStart(bad as unknown as Partial<ScanConfig>)).rejects.toMatchObject({
    name: 'ConfigError',
    problems: [
      'IMDSV2_MODE is "enfroce"; accepted: enforce | audit',
      'IMDSV2_SCAN_QUEUE_URL is "scan"; accepted: an SQS queue URL',
      'IMDSV2_STACK_NAME is "a b"; accepted: a stack name',
      'IMDSV2_SCAN_EVERY_HOURS is "5"; accepted: 1 | 2 | 3 | 4 | 6 | 8 | 12 | 24',
    ],
  });
});

describe.each<Partial<ScanConfig>>([
  { existing: 'audit' },
  { mode: 'audit', existing: 'enforce' },
  { mode: 'audit', existing: 'enforce-when-unused' },
])('without permission to remediate (%p)', (config) => {
  it('a region is followed by its summary and by no batch', async () => {
    const fn = await coldStart(config);
    aws.instances.set(INSTANCE, {});

    expect((await fn.invoke(region)).error).toBeUndefined();

    const [put] = aws.take('SendMessageBatch');
    expect((put?.parameters.Entries as unknown[]).length).toBe(1);
    expect(JSON.stringify(put?.parameters)).toContain(String.raw`\"step\":\"summary\"`);
  });

  it('a batch that was queued before changes nothing', async () => {
    const fn = await coldStart(config);
    aws.instances.set(INSTANCE, {});

    expect((await fn.invoke(batch)).error).toBeUndefined();

    expect(actions()).not.toContain('ModifyInstanceMetadataOptions');
    expect(aws.instances.get(INSTANCE)).toEqual({});
  });
});

it('measures an instance under existing=enforce-when-unused, and does not change it without data', async () => {
  const fn = await coldStart({ existing: 'enforce-when-unused' });
  aws.instances.set(INSTANCE, {});

  const { log } = await fn.invoke(batch);

  expect(log).toMatchObject([{ status: 'needs-review', reason: 'usage-unknown', notified: false }]);
  expect(actions()).toEqual(['DescribeInstances', 'GetMetricData']);
});
