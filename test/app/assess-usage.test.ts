import fc from 'fast-check';
import { assessUsage, type GroupMeasurements } from '../../lambda/app/assess-usage.ts';
import { handleBatch } from '../../lambda/app/handle-batch.ts';
import { USAGE_RULES } from '../../lambda/core/usage.ts';
import { ACCOUNT, instanceId, NOW, REGION, snapshot } from '../support/builders.ts';
import { launchEvent, queueRecords } from '../support/events.ts';
import { failure, world, type World } from '../support/ports.ts';
import { old, reported } from '../support/scan.ts';

const GROUP = { 'aws:autoscaling:groupName': 'workers' };
const POOL = { 'karpenter.sh/nodepool': 'spot' };
const [A, B, C] = [1, 2, 3].map(instanceId) as [string, string, string];
const assess = (ports: World, instances: readonly ReturnType<typeof old>[], groups?: GroupMeasurements) =>
  assessUsage(REGION, instances, USAGE_RULES, { usage: ports.usage, time: ports.time, groups });
const kinds = async (assessed: ReturnType<typeof assess>) =>
  [...(await assessed).values()].map(({ kind, scope }) => [kind, scope]);
const measured = (ports: World) => ports.calls.filter((call) => call.startsWith('measure'));

describe('an Auto Scaling group', () => {
  it('is in use if any of its instances called, also one that is gone, and then all of its instances are', async () => {
    const ports = world();
    ports.metrics.set('MetadataNoToken workers', reported(50));
    const young = snapshot({ instanceId: B, tags: GROUP, launchTime: NOW, firstLaunch: NOW });

    expect(await kinds(assess(ports, [old(A, { tags: GROUP }), young]))).toEqual([
      ['in-use', 'group'],
      ['in-use', 'group'],
    ]);
    expect(measured(ports)).toEqual([`measure ${REGION} MetadataNoToken workers`]);
  });

  it('is unused if it has zeros only, but an instance that is too young stays unknown', async () => {
    const ports = world();
    ports.metrics.set('MetadataNoToken workers', reported());
    const young = snapshot({ instanceId: B, tags: GROUP, launchTime: NOW, firstLaunch: NOW });

    expect(await kinds(assess(ports, [old(A, { tags: GROUP }), young]))).toEqual([
      ['unused', 'group'],
      ['unknown', 'group'],
    ]);
  });

  it('without data is never unused: its instances are asked', async () => {
    const ports = world();
    expect(await kinds(assess(ports, [old(A, { tags: GROUP })]))).toEqual([['unknown', undefined]]);

    ports.metrics.set(`MetadataNoToken ${A}`, reported(1)).set(`MetadataNoToken ${B}`, reported());
    expect(await kinds(assess(ports, [old(A, { tags: GROUP }), old(B, { tags: GROUP })]))).toEqual([
      ['in-use', undefined],
      ['in-use', 'launch-source'],
    ]);
  });

  it('is measured once for all batches of an invocation', async () => {
    const ports = world();
    ports.metrics.set('MetadataNoToken workers', reported());
    const groups: GroupMeasurements = new Map();
    for (const id of [A, B, C]) await assess(ports, [old(id, { tags: GROUP })], groups);

    expect(measured(ports)).toEqual([`measure ${REGION} MetadataNoToken workers`]);
  });

  it('of 10,000 instances in 200 groups is 200 metrics', async () => {
    const ports = world();
    const fleet = Array.from({ length: 10_000 }, (_, index) =>
      old(instanceId(index), { tags: { 'aws:autoscaling:groupName': `group-${index % 200}` } }),
    );
    for (let group = 0; group < 200; group += 1)
      ports.metrics.set(`MetadataNoToken group-${group}`, reported().slice(-2));
    const groups: GroupMeasurements = new Map();
    for (let start = 0; start < fleet.length; start += 500)
      await assess(ports, fleet.slice(start, start + 500), groups);

    const metrics = measured(ports).reduce((sum, call) => sum + call.split(' ').length - 3, 0);
    expect(metrics).toBe(200);
  });
});

describe('any other launch source', () => {
  it('is in use if one of its running instances is, and without a launch source an instance stands alone', async () => {
    const ports = world();
    for (const id of [A, B, C]) ports.metrics.set(`MetadataNoToken ${id}`, reported(id === A ? 3 : 0));

    expect(await kinds(assess(ports, [old(A, { tags: POOL }), old(B, { tags: POOL }), old(C)]))).toEqual([
      ['in-use', undefined],
      ['in-use', 'launch-source'],
      ['unused', undefined],
    ]);
  });

  it('never makes an instance unused that is not unused alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ calls: fc.constantFrom(undefined, 0, 2), tags: fc.constantFrom({}, POOL, GROUP) }), {
          maxLength: 6,
        }),
        fc.constantFrom(undefined, 0, 5),
        async (instances, callsOfGroup) => {
          const ports = world();
          const fleet = instances.map(({ tags }, index) => old(instanceId(index), { tags }));
          instances.forEach(({ calls }, index) => {
            if (calls !== undefined) ports.metrics.set(`MetadataNoToken ${instanceId(index)}`, reported(calls));
          });
          if (callsOfGroup !== undefined) ports.metrics.set('MetadataNoToken workers', reported(callsOfGroup));
          const usages = await assess(ports, fleet);
          expect(usages.size).toBe(fleet.length);
          instances.forEach(({ calls, tags }, index) => {
            if (usages.get(instanceId(index))?.kind !== 'unused') return;
            const source = instances.filter((other) => other.tags === tags);
            const byGroup = tags === GROUP && callsOfGroup !== undefined;
            expect(byGroup ? callsOfGroup : calls).toBe(0);
            if (!byGroup && tags !== undefined && 'karpenter.sh/nodepool' in tags) {
              expect(source.every((other) => other.calls !== 2)).toBe(true);
            }
          });
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a launch', () => {
  const RULES = {
    account: ACCOUNT,
    existing: 'audit',
    launches: 'enforce-when-unused',
    maxExemptionDays: 90,
    trail: true,
  } as const;
  const launched = (tags = {}) => snapshot({ instanceId: A, tags });
  const event = launchEvent({ items: [{ instanceId: A, httpTokens: 'optional' }] });
  const handle = (ports: World) => handleBatch(queueRecords(event), RULES, ports);

  it('of a group in use stays as it is, with a HIGH alert that says how it is used', async () => {
    const ports = world([launched(GROUP)]);
    ports.metrics.set('MetadataNoToken workers', reported(50));

    expect(await handle(ports)).toEqual([]);

    expect(ports.events.map(({ detail }) => detail)).toMatchObject([
      {
        severity: 'HIGH',
        status: 'needs-review',
        reason: 'launch-source-in-use',
        detail: expect.stringMatching(/^in use: 50 calls without a token in its Auto Scaling group/),
      },
    ]);
    expect(ports.calls.filter((call) => call.startsWith('modify'))).toEqual([]);
    expect(measured(ports)).toHaveLength(1);
  });

  it.each([
    ['an unused group', GROUP, 0],
    ['a group without data', GROUP, undefined],
    ['no group', {}, 7],
  ])('of %s is remediated', async (_, tags, calls) => {
    const ports = world([launched(tags)]);
    if (calls !== undefined) ports.metrics.set('MetadataNoToken workers', reported(calls));

    await handle(ports);

    expect(ports.outcomes).toMatchObject([{ status: 'remediated' }]);
  });

  it('is remediated if CloudWatch fails', async () => {
    const ports = world([launched(GROUP)]);
    ports.fail('measure', ...Array.from({ length: 99 }, () => failure('denied')));

    await handle(ports);

    expect(ports.outcomes).toMatchObject([{ status: 'remediated' }]);
  });
});
