import type { Config } from '../../lambda/config.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { IMDSV1, INSTANCE, target } from '../support/builders.ts';
import { deleteTagsEvent, driftEvent, launchEvent, runningEvent } from '../support/events.ts';
import { batchOf, type LambdaFunction, loadFunction } from '../support/function.ts';
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

const coldStart = async (config: Partial<Config>): Promise<LambdaFunction> =>
  (loaded = await loadFunction(aws, config));

it('fails at cold start with all problems of its configuration', async () => {
  const bad = { mode: 'enfroce', existing: 'maybe', trail: 'perhaps', maxExemptionDays: 0, workQueueUrl: 'work' };

  await expect(coldStart(bad as unknown as Partial<Config>)).rejects.toMatchObject({
    name: 'ConfigError',
    problems: [
      'IMDSV2_MODE is "enfroce"; accepted: enforce | audit',
      'IMDSV2_EXISTING is "maybe"; accepted: audit | enforce-when-unused | enforce',
      'IMDSV2_TRAIL is "perhaps"; accepted: true | false',
      'IMDSV2_MAX_EXEMPTION_DAYS is "0"; accepted: a whole number from 1 to 3650',
      'IMDSV2_WORK_QUEUE_URL is "work"; accepted: an SQS queue URL',
    ],
  });
});

describe('audit mode', () => {
  const finding = toFinding(target(), IMDSV1);

  it.each([
    ['a launch', launchEvent()],
    ['drift', driftEvent()],
    ['a removed exemption', deleteTagsEvent()],
    ['a finding', finding],
  ])('reports %s and changes nothing', async (_, event) => {
    const fn = await coldStart({ mode: 'audit' });
    aws.instances.set(INSTANCE, {});

    const { error, log, metrics } = await fn.invoke(batchOf(event));

    expect(error).toBeUndefined();
    expect(log).toMatchObject([{ status: 'would-remediate' }]);
    expect(metrics).toEqual({});
    expect(aws.take().map(({ action }) => action)).toEqual(['DescribeInstances', 'PutEvents']);
    expect(aws.instances.get(INSTANCE)).toEqual({});
  });
});

describe('without a trail', () => {
  it('notifies that a new instance needs review when it starts', async () => {
    const fn = await coldStart({ trail: false });
    aws.instances.set(INSTANCE, { tags: { 'imdsv2:exempt-until': 'soon' } });

    expect((await fn.invoke(batchOf(runningEvent()))).metrics).toEqual({ NeedsReview: 1 });
    expect(aws.take('PutEvents')).toHaveLength(1);
  });
});
