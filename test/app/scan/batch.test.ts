import { RetryableError } from '../../../lambda/app/retry.ts';
import type { Snapshot } from '../../../lambda/core/instance.ts';
import { parseScan } from '../../../lambda/triggers/scan.ts';
import { instanceId, NOW, REGION } from '../../support/builders.ts';
import { after, failure, virtualTime } from '../../support/ports.ts';
import { old, reported, rules, RUN, type ScanWorld, scanWorld, runStep } from '../../support/scan.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const fleet = (count: number): Snapshot[] => ids(count).map((id) => old(id));
const batch = (instanceIds: readonly string[]) => ({ ...RUN, step: 'batch', index: 0, instanceIds }) as const;
const WHEN_UNUSED = rules({ existing: 'enforce-when-unused' });

/** Ids of the changed instances, in order, with repetitions. */
const changed = ({ calls }: ScanWorld): string[] =>
  calls.filter((call) => call.startsWith('modify')).map((call) => call.split(' ')[2] ?? '');
const statuses = ({ outcomes }: ScanWorld) =>
  outcomes.map(({ target, status, reason }) => [target.instanceId, status, reason]);

describe('a batch', () => {
  it('is remediated at three per second, notified in one alert, and checked later', async () => {
    const ports = scanWorld(fleet(30));
    const times: number[] = [];
    const writer = {
      requireTokens: async (region: string, id: string) => {
        times.push((ports.time.now().getTime() - NOW.getTime()) / 1000);
        return ports.writer.requireTokens(region, id);
      },
    };

    await runStep(batch(ids(30)), rules(), { ...ports, writer });

    expect(changed(ports).sort()).toEqual(ids(30).sort());
    times.forEach((seconds, index) => expect(seconds).toBeCloseTo(index / 3, 2));
    expect(ports.published).toMatchObject([
      { json: { counts: { remediated: 30 } }, attributes: { trigger: ['scan'], severity: 'MEDIUM' } },
    ]);
    expect(ports.checks.map((check) => [check.instanceId, check.checksDone, check.region]).sort()).toEqual(
      ids(30)
        .map((id) => [id, 0, REGION])
        .sort(),
    );
  });

  it('of a thousand takes less than half of an invocation', async () => {
    const ports = scanWorld(fleet(1_000));

    await runStep(batch(ids(1_000)), rules(), ports);

    expect(new Set(changed(ports)).size).toBe(1_000);
    expect(ports.time.now().getTime() - NOW.getTime()).toBeLessThan(350_000);
  });

  it('is decided again on current snapshots', async () => {
    const ports = scanWorld([
      old(instanceId(1), { tags: { 'imdsv2:exempt-until': '2026-12-31' } }),
      old(instanceId(2), { options: { HttpTokens: 'required' } }),
      old(instanceId(3), { state: 'terminated' }),
      old(instanceId(4), { options: { HttpTokens: undefined } }),
      old(instanceId(5), { options: { HttpEndpoint: 'disabled' } }),
      old(instanceId(6)),
    ]);

    await runStep(batch(ids(6)), rules(), ports);

    expect(changed(ports)).toEqual([instanceId(6)]);
    expect(statuses(ports)).toEqual([
      [instanceId(1), 'exempt', 'exempt'],
      [instanceId(2), 'already-remediated', 'already-remediated'],
      [instanceId(3), 'skipped', 'terminated'],
      [instanceId(4), 'needs-review', 'unreadable'],
      [instanceId(5), 'skipped', 'endpoint-disabled'],
      [instanceId(6), 'remediated', 'imdsv1-enabled'],
    ]);
    // Instances that were not remediated are in the digest.
    expect(ports.published).toMatchObject([{ json: { counts: { 'already-remediated': 1, remediated: 1 } } }]);
    expect(ports.checks.map((check) => check.instanceId)).toEqual([instanceId(6)]);
  });

  it.each(['soon', '', '9999-12-31'])(
    'remediates an instance with the exemption tag %p, which does not count',
    async (tag) => {
      const ports = scanWorld([old(instanceId(1), { tags: { 'imdsv2:exempt-until': tag } })]);

      await runStep(batch(ids(1)), rules(), ports);

      expect(changed(ports)).toEqual([instanceId(1)]);
    },
  );

  it('does not wait for an instance that EC2 no longer returns', async () => {
    const ports = scanWorld([old(instanceId(1))]);
    const earlier = { ...batch([instanceId(1), instanceId(2)]), startedAt: after(-600) };

    await runStep(earlier, rules(), ports);

    expect(statuses(ports)).toContainEqual([instanceId(2), 'skipped', 'gone']);
    expect(ports.time.now().getTime()).toBe(NOW.getTime());
  });
});

describe('a batch under existing=enforce-when-unused', () => {
  const [unused, used, withoutData, exempt, compliant, stopped, gaps] = ids(7) as [string, ...string[]];
  const world = () => {
    const ports = scanWorld([
      old(unused),
      old(used ?? ''),
      old(withoutData ?? ''),
      old(exempt ?? '', { tags: { 'imdsv2:exempt-until': '2026-12-31' } }),
      old(compliant ?? '', { options: { HttpTokens: 'required' } }),
      old(stopped ?? '', { state: 'stopped' }),
      old(gaps ?? ''),
    ]);
    for (const id of [unused, exempt, compliant, stopped]) ports.metrics.set(`MetadataNoToken ${id}`, reported());
    ports.metrics.set(`MetadataNoToken ${used}`, reported(7));
    ports.metrics.set(`MetadataNoToken ${gaps}`, reported().slice(0, 100));
    return ports;
  };

  it('remediates only instances that were measured as unused; missing data is unknown, not zero', async () => {
    const ports = world();

    await runStep(batch(ids(7)), WHEN_UNUSED, ports);

    expect(changed(ports)).toEqual([unused]);
    expect(statuses(ports)).toEqual([
      [unused, 'remediated', 'imdsv1-enabled'],
      [used, 'needs-review', 'in-use'],
      [withoutData, 'needs-review', 'usage-unknown'],
      [exempt, 'exempt', 'exempt'],
      [compliant, 'already-remediated', 'already-remediated'],
      [stopped, 'needs-review', 'usage-unknown'],
      [gaps, 'needs-review', 'usage-unknown'],
    ]);
  });

  it('does not measure compliant and exempt instances', async () => {
    const ports = world();

    await runStep(batch(ids(7)), WHEN_UNUSED, ports);

    const measured = ports.calls.filter((call) => call.startsWith('measure'));
    expect(measured).toEqual([
      `measure ${REGION} MetadataNoToken ${[unused, used, withoutData, stopped, gaps].join(' ')}`,
    ]);
  });

  it('remediates nothing if usage cannot be measured', async () => {
    const ports = world();
    ports.fail('measure', failure('denied'));

    await runStep(batch(ids(7)), WHEN_UNUSED, ports);

    expect(changed(ports)).toEqual([]);
  });

  it('is not measured under existing=enforce', async () => {
    const ports = world();

    await runStep(batch([used ?? '']), rules(), ports);

    expect(changed(ports)).toEqual([used]);
    expect(ports.calls.some((call) => call.startsWith('measure'))).toBe(false);
  });
});

describe('a batch without permission to remediate', () => {
  it.each(['audit', 'enforce-when-unused', 'enforce'] as const)(
    'changes nothing without a writer (existing=%s)',
    async (existing) => {
      const world = scanWorld(fleet(3));
      ids(3).forEach((id) => world.metrics.set(`MetadataNoToken ${id}`, reported()));
      const { writer, ...ports } = world;

      await runStep(batch(ids(3)), rules({ existing }), ports);

      expect(writer).toBeDefined();
      expect(changed(world)).toEqual([]);
      expect(world.checks).toEqual([]);
    },
  );

  it('changes and notifies nothing under existing=audit, even with a writer', async () => {
    const ports = scanWorld(fleet(3));

    await runStep(batch(ids(3)), rules({ existing: 'audit' }), ports);

    expect(changed(ports)).toEqual([]);
    expect(ports.published).toEqual([]);
  });
});

describe('failures in a batch', () => {
  it('an instance that must be retried is queued alone, so that no other is notified twice', async () => {
    const ports = scanWorld(fleet(5));
    const failOne = ports.fail.bind(ports, `modify ${REGION} ${instanceId(2)}`);
    failOne(...Array<Error>(60).fill(failure('throttled')));

    await runStep(batch(ids(5)), rules(), { ...ports, time: virtualTime(60) });

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 4 } } }]);
    expect(ports.checks).toHaveLength(4);
    expect(ports.queued.map((text) => parseScan(JSON.parse(text)))).toEqual([batch([instanceId(2)])]);
    ports.clearFaults();

    expect(await ports.drain(rules())).toEqual([]);

    expect(ports.published.slice(1)).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.checks).toHaveLength(5);
  });

  it('a single instance that must be retried is left to the queue and its maximum receive count', async () => {
    const ports = scanWorld(fleet(1));
    ports.fail('modify', ...Array<Error>(60).fill(failure('throttled')));

    await expect(runStep(batch(ids(1)), rules(), { ...ports, time: virtualTime(60) })).rejects.toEqual(
      new RetryableError(`1 instances in ${REGION} must be retried`),
    );
    expect(ports.queued).toEqual([]);
  });

  it('the whole batch is retried if the queue does not accept the remaining instances', async () => {
    const ports = scanWorld(fleet(5));
    ports.fail(`modify ${REGION} ${instanceId(2)}`, ...Array<Error>(60).fill(failure('unknown')));
    ports.fail('putSteps', failure('denied', 'no'));

    await expect(runStep(batch(ids(5)), rules(), ports)).rejects.toEqual(failure('denied', 'no'));
  });

  it('a permanent failure is notified and not retried', async () => {
    const ports = scanWorld(fleet(5));
    ports.fail(`modify ${REGION} ${instanceId(2)}`, failure('denied'));

    await runStep(batch(ids(5)), rules(), ports);

    expect(ports.published).toMatchObject([
      { json: { counts: { remediated: 4, failed: 1 } }, attributes: { severity: 'CRITICAL' } },
    ]);
  });

  it('every instance is tried once, and named, if every change is denied', async () => {
    const ports = scanWorld(fleet(200));
    ports.fail(`modify ${REGION}`, ...Array<Error>(200).fill(failure('denied')));

    await runStep(batch(ids(200)), rules(), ports);

    expect(changed(ports)).toHaveLength(200);
    expect(ports.published).toMatchObject([{ json: { counts: { failed: 200 } } }]);
  });

  it('the whole batch is retried if every describe fails until the deadline', async () => {
    const ports = scanWorld(fleet(200), { time: virtualTime(120) });
    ports.fail('describe', ...Array<Error>(100).fill(failure('unavailable')));

    await expect(runStep(batch(ids(200)), rules(), ports)).rejects.toThrow(
      `200 instances in ${REGION} must be retried`,
    );
    expect(changed(ports)).toEqual([]);
  });

  it('the instances that were not begun before the deadline are queued', async () => {
    const ports = scanWorld(fleet(100), { time: virtualTime(10) });

    await runStep(batch(ids(100)), rules(), ports);

    const first = changed(ports);
    expect(first.length).toBeGreaterThan(20);
    expect(ports.time.now().getTime()).toBeLessThan(after(10).getTime());
    expect(ports.checks.map((check) => check.instanceId).sort()).toEqual([...first].sort());

    expect(await ports.drain(rules())).toEqual([]);

    expect(changed(ports).sort()).toEqual(ids(100).sort());
    expect(ports.outcomes.filter(({ status }) => status === 'remediated')).toHaveLength(100);
    expect(ports.outcomes.some(({ status }) => status === 'already-remediated')).toBe(false);
  });

  it('post-change checks that cannot be scheduled affect neither changes nor alerts', async () => {
    const ports = scanWorld(fleet(2));
    ports.fail('putChecks', failure('denied'));

    await runStep(batch(ids(2)), rules(), ports);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 2 } } }]);
    expect(ports.warnings).toEqual(['post-change checks could not be scheduled']);
  });
});

it('with enforceSince, remediates what was launched since and is unused, under existing=audit, too', async () => {
  const [before, unused, used, expired] = ids(4) as [string, string, string, string];
  const launched = new Date('2026-11-10T08:00:00Z');
  const young = { launchTime: launched, firstLaunch: launched };
  const ports = scanWorld([
    old(before),
    old(unused, young),
    old(used, young),
    old(expired, { ...young, tags: { 'imdsv2:exempt-until': '2026-11-11' } }),
  ]);
  for (const id of [before, unused, expired]) ports.metrics.set(`MetadataNoToken ${id}`, reported());
  ports.metrics.set(`MetadataNoToken ${used}`, reported(3));
  const given = rules({ existing: 'audit', enforceSince: '2026-11-01' });

  await runStep({ ...RUN, step: 'region' }, given, ports);
  await ports.drain(given);

  expect(changed(ports)).toEqual([unused, expired]);
  expect(ports.digests()).toMatchObject([
    { json: { remediated: 2, nonCompliant: { 'existing-instance': 1, 'in-use': 1 } } },
  ]);
});
