import { dayFromNow } from '../../lambda/core/exemption.ts';
import { INSTANCE, instanceId } from '../support/builders.ts';
import { createTagsEvent, deleteTagsEvent, driftEvent, launchEvent } from '../support/events.ts';
import { batchOf, detailsIn, functionOnLoopback } from '../support/function.ts';

const { aws, fn } = functionOnLoopback();

const DEPLOYER = 'arn:aws:sts::111122223333:assumed-role/deployer/kim';
const until = (days: number) => ({ 'imdsv2:exempt-until': dayFromNow(new Date(), days) });
const actions = (): string[] => aws.take().map(({ action }) => action);

/** The data of the only event about an outcome. */
function detail() {
  const [first, ...others] = detailsIn(aws.take('PutEvents'));
  expect(others).toEqual([]);
  return first;
}

describe('setting the exemption tag', () => {
  it.each([
    ['an instance with IMDSv1 enabled', {}],
    ['a compliant instance', { httpTokens: 'required' }],
    ['an instance without IMDS', { httpEndpoint: 'disabled' }],
  ])('on %s is notified with the caller; nothing is changed or counted', async (_, instance) => {
    aws.instances.set(INSTANCE, { ...instance, tags: until(30) });

    const { error, log, metrics } = await fn.invoke(batchOf(createTagsEvent()));

    expect(error).toBeUndefined();
    expect(log).toMatchObject([
      {
        status: 'exempt',
        reason: 'exempt-self-granted',
        severity: 'MEDIUM',
        trigger: 'grant',
        caller: DEPLOYER,
        notified: true,
      },
    ]);
    expect(metrics).toEqual({});
    expect(detail()).toMatchObject({
      status: 'exempt',
      trigger: 'grant',
      severity: 'MEDIUM',
      exemptionTag: 'set',
      caller: { principal: DEPLOYER },
    });
    expect(aws.instances.get(INSTANCE)).toEqual({ ...instance, tags: until(30) });
  });

  it.each([
    ['a day in the past', until(-1), 'exemption-expired', 'HIGH'],
    ['a text that is not a day', { 'imdsv2:exempt-until': 'soon' }, 'exemption-malformed', 'HIGH'],
    ['a day beyond the maximum', until(1000), 'exemption-exceeds-maximum', 'HIGH'],
    ['any day, and removing it again', {}, 'existing-instance', 'MEDIUM'],
  ])('to %s needs review and is notified; nothing is changed', async (_, tags, reason, severity) => {
    aws.instances.set(INSTANCE, { tags });

    const { log, metrics } = await fn.invoke(batchOf(createTagsEvent()));

    expect(log).toMatchObject([{ status: 'needs-review', reason, severity, caller: DEPLOYER, notified: true }]);
    expect(metrics).toEqual({});
    expect(actions()).toEqual(['DescribeInstances', 'PutEvents']);
  });

  it('to a text that is not a day, on a compliant instance, is notified as compliant', async () => {
    aws.instances.set(INSTANCE, { httpTokens: 'required', tags: { 'imdsv2:exempt-until': 'soon' } });

    const { log, metrics } = await fn.invoke(batchOf(createTagsEvent()));

    expect(log).toMatchObject([
      { status: 'needs-review', reason: 'exemption-malformed', severity: 'HIGH', notified: true },
    ]);
    expect(metrics).toEqual({});
    expect(detail()?.explanation).not.toContain('IMDSv1 stays enabled');
  });

  it('on instances and volumes in one call causes one describe and one call for the events about the instances', async () => {
    const [first, second] = [instanceId(1), instanceId(2)];
    [first, second].forEach((id) => aws.instances.set(id, { tags: until(7) }));

    const { log } = await fn.invoke(batchOf(createTagsEvent({ resources: [first, 'vol-0a1b2c3d4e5f60718', second] })));

    expect(log.map(({ instanceId: id, status }) => [id, status])).toEqual([
      [first, 'exempt'],
      [second, 'exempt'],
    ]);
    expect(actions()).toEqual(['DescribeInstances', 'PutEvents']);
  });

  it('on a volume is ignored', async () => {
    expect(await fn.invoke(batchOf(createTagsEvent({ resources: ['vol-0a1b2c3d4e5f60718'] })))).toMatchObject({
      log: [],
      metrics: {},
    });
    expect(actions()).toEqual([]);
  });
});

describe('an exemption tag that comes with a launch', () => {
  it.each([
    ['in date', until(30), 'exempt', 'exempt-self-granted'],
    ['of no end', { 'imdsv2:exempt-until': '9999-12-31' }, 'needs-review', 'exemption-exceeds-maximum'],
    ['of today', until(0), 'exempt', 'exempt-self-granted'],
  ])('is notified as HIGH, although the instance is compliant: %s', async (_, tags, status, reason) => {
    aws.instances.set(INSTANCE, { httpTokens: 'required', tags });

    const { log } = await fn.invoke(batchOf(launchEvent({ items: [{ httpTokens: 'required', tags }] })));

    expect(log).toMatchObject([{ status, reason, severity: 'HIGH', trigger: 'launch', notified: true }]);
    expect(actions()).toEqual(['DescribeInstances', 'PutEvents']);
  });
});

it('drift that an exemption covers is notified as HIGH', async () => {
  aws.instances.set(INSTANCE, { tags: until(30) });

  const { log } = await fn.invoke(batchOf(driftEvent()));

  expect(log).toMatchObject([{ status: 'exempt', severity: 'HIGH', trigger: 'drift', notified: true }]);
  expect(detail()?.explanation).toContain('IMDSv1 was re-enabled, and an exemption in date covers it.');
});

describe('removing the exemption tag', () => {
  /** Invokes the function with the messages that it has sent to the work queue. */
  async function deliver() {
    const [put] = aws.take('SendMessageBatch');
    const entries = put?.parameters.Entries as { MessageBody: string }[];
    return fn.invoke(batchOf(...entries.map(({ MessageBody }) => MessageBody)));
  }

  it('with all other tags needs review and is notified, because the instance may not have been exempt', async () => {
    aws.instances.set(INSTANCE, {});

    const { log } = await fn.invoke(batchOf(deleteTagsEvent({ tags: [] })));

    expect(log).toMatchObject([
      { status: 'needs-review', reason: 'existing-instance', trigger: 'revoke', notified: true },
    ]);
    expect(aws.instances.get(INSTANCE)).toEqual({});
  });

  it('records a finding first, which leads to the change and the alert with the caller', async () => {
    aws.instances.set(INSTANCE, {});

    const { log, metrics } = await fn.invoke(batchOf(deleteTagsEvent()));

    expect(log).toMatchObject([{ status: 'skipped', reason: 'recorded', trigger: 'revoke', notified: false }]);
    expect(metrics).toEqual({});
    expect(aws.instances.get(INSTANCE)).toEqual({});

    const second = await deliver();

    expect(second.result).toEqual({ batchItemFailures: [] });
    expect(second.log).toMatchObject([
      { status: 'remediated', trigger: 'revoke', severity: 'MEDIUM', caller: DEPLOYER, notified: true },
    ]);
    expect(second.metrics).toEqual({ Remediated: 1, ExposureSeconds: expect.any(Number) });
    expect(aws.instances.get(INSTANCE)).toMatchObject({ httpTokens: 'required' });
    expect(detail()?.explanation).toContain('The exemption tag, or every tag, was removed');
  });

  it('while EC2 still shows it is notified as MEDIUM, and nothing is changed', async () => {
    aws.instances.set(INSTANCE, { tags: until(30) });

    const { log, metrics } = await fn.invoke(batchOf(deleteTagsEvent()));

    expect(log).toMatchObject([{ status: 'exempt', reason: 'exempt', severity: 'MEDIUM', notified: true }]);
    expect(metrics).toEqual({ Exempt: 1 });
    expect(actions()).toEqual(['DescribeInstances', 'PutEvents']);
  });

  it('of a compliant instance is not notified', async () => {
    aws.instances.set(INSTANCE, { httpTokens: 'required' });

    expect((await fn.invoke(batchOf(deleteTagsEvent()))).log).toMatchObject([
      { status: 'skipped', reason: 'compliant', notified: false },
    ]);
    expect(actions()).toEqual(['DescribeInstances']);
  });
});
