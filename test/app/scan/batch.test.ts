import { TryAgainError } from '../../../lambda/app/handle-events.ts';
import type { Snapshot } from '../../../lambda/core/instance.ts';
import { parseScan } from '../../../lambda/triggers/scan.ts';
import { instanceId, NOW, REGION } from '../../support/builders.ts';
import { after, failure, virtualTime } from '../../support/ports.ts';
import { old, reported, rules, RUN, type ScanWorld, scanWorld, take } from '../../support/scan.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const fleet = (count: number): Snapshot[] => ids(count).map((id) => old(id));
const batch = (instanceIds: readonly string[]) => ({ ...RUN, step: 'batch', index: 0, instanceIds }) as const;
const WHEN_QUIET = rules({ existing: 'enforce-when-unused' });

/** Who was changed, in order, as often as it was. */
const changed = ({ calls }: ScanWorld): string[] =>
  calls.filter((call) => call.startsWith('modify')).map((call) => call.split(' ')[2] ?? '');
const statuses = ({ outcomes }: ScanWorld) =>
  outcomes.map(({ target, status, reason }) => [target.instanceId, status, reason]);

describe('a batch', () => {
  it('is closed at three a second, told in one message, and looked after', async () => {
    const ports = scanWorld(fleet(30));
    const times: number[] = [];
    const writer = {
      requireTokens: async (region: string, id: string) => {
        times.push((ports.time.now().getTime() - NOW.getTime()) / 1000);
        return ports.writer.requireTokens(region, id);
      },
    };

    await take(batch(ids(30)), rules(), { ...ports, writer });

    expect(changed(ports).sort()).toEqual(ids(30).sort());
    times.forEach((seconds, index) => expect(seconds).toBeCloseTo(index / 3, 2));
    expect(ports.published).toMatchObject([
      { json: { trigger: 'scan', counts: { remediated: 30 } }, attributes: { trigger: 'scan', severity: 'MEDIUM' } },
    ]);
    expect(ports.checks.map((check) => [check.instanceId, check.checksDone, check.region]).sort()).toEqual(
      ids(30)
        .map((id) => [id, 0, REGION])
        .sort(),
    );
  });

  it('of a thousand fits well into an invocation', async () => {
    const ports = scanWorld(fleet(1_000));

    await take(batch(ids(1_000)), rules(), ports);

    expect(new Set(changed(ports)).size).toBe(1_000);
    expect(ports.time.now().getTime() - NOW.getTime()).toBeLessThan(350_000);
  });

  it('is decided again on what is read now: who became exempt, compliant or gone since is left', async () => {
    const ports = scanWorld([
      old(instanceId(1), { tags: { 'imdsv2:exempt-until': '2026-12-31' } }),
      old(instanceId(2), { options: { HttpTokens: 'required' } }),
      old(instanceId(3), { state: 'terminated' }),
      old(instanceId(4), { tags: { 'imdsv2:exempt-until': 'soon' } }),
      old(instanceId(5), { options: { HttpEndpoint: 'disabled' } }),
      old(instanceId(6)),
    ]);

    await take(batch(ids(6)), rules(), ports);

    expect(changed(ports)).toEqual([instanceId(6)]);
    expect(statuses(ports)).toEqual([
      [instanceId(1), 'exempt', 'exempt'],
      [instanceId(2), 'already-remediated', 'already-remediated'],
      [instanceId(3), 'skipped', 'terminated'],
      [instanceId(4), 'needs-review', 'exemption-malformed'],
      [instanceId(5), 'skipped', 'endpoint-disabled'],
      [instanceId(6), 'remediated', 'imdsv1-enabled'],
    ]);
    // What was left alone is in the digest.
    expect(ports.published).toMatchObject([{ json: { counts: { closed: 1, remediated: 1 } } }]);
    expect(ports.checks.map((check) => check.instanceId)).toEqual([instanceId(6)]);
  });

  it('an instance that EC2 no longer shows is gone, and nobody waits for it', async () => {
    const ports = scanWorld([old(instanceId(1))]);
    const earlier = { ...batch([instanceId(1), instanceId(2)]), startedAt: after(-600) };

    await take(earlier, rules(), ports);

    expect(statuses(ports)).toContainEqual([instanceId(2), 'skipped', 'gone']);
    expect(ports.time.now().getTime()).toBe(NOW.getTime());
  });
});

describe('existing=enforce-when-unused', () => {
  const [unused, used, silent, exempt, compliant, stopped, gaps] = ids(7) as [string, ...string[]];
  const world = () => {
    const ports = scanWorld([
      old(unused),
      old(used ?? ''),
      old(silent ?? ''),
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

  it('closes what was measured to be unused and nothing else: no data is unknown, never zero', async () => {
    const ports = world();

    await take(batch(ids(7)), WHEN_QUIET, ports);

    expect(changed(ports)).toEqual([unused]);
    expect(statuses(ports)).toEqual([
      [unused, 'remediated', 'imdsv1-enabled'],
      [used, 'needs-review', 'in-use'],
      [silent, 'needs-review', 'usage-unknown'],
      [exempt, 'exempt', 'exempt'],
      [compliant, 'already-remediated', 'already-remediated'],
      [stopped, 'needs-review', 'usage-unknown'],
      [gaps, 'needs-review', 'usage-unknown'],
    ]);
  });

  it('does not pay for the compliant and the exempt', async () => {
    const ports = world();

    await take(batch(ids(7)), WHEN_QUIET, ports);

    const measured = ports.calls.filter((call) => call.startsWith('measure'));
    expect(measured).toEqual([`measure ${REGION} MetadataNoToken ${[unused, used, silent, stopped, gaps].join(' ')}`]);
  });

  it('closes nothing where nobody can measure', async () => {
    const ports = world();
    ports.fail('measure', failure('denied'));

    await take(batch(ids(7)), WHEN_QUIET, ports);

    expect(changed(ports)).toEqual([]);
  });

  it('existing=enforce does not ask', async () => {
    const ports = world();

    await take(batch([used ?? '']), rules(), ports);

    expect(changed(ports)).toEqual([used]);
    expect(ports.calls.some((call) => call.startsWith('measure'))).toBe(false);
  });
});

describe('no writer, no change', () => {
  it.each(['audit', 'enforce-when-unused', 'enforce'] as const)(
    'a batch that was requested for before the account went to audit (existing=%s)',
    async (existing) => {
      const world = scanWorld(fleet(3));
      ids(3).forEach((id) => world.metrics.set(`MetadataNoToken ${id}`, reported()));
      const { writer, ...ports } = world;

      await take(batch(ids(3)), rules({ existing }), ports);

      expect(writer).toBeDefined();
      expect(changed(world)).toEqual([]);
      expect(world.checks).toEqual([]);
    },
  );

  it('existing=audit changes nothing even if it had a writer, and tells nothing but in the digest', async () => {
    const ports = scanWorld(fleet(3));

    await take(batch(ids(3)), rules({ existing: 'audit' }), ports);

    expect(changed(ports)).toEqual([]);
    expect(ports.published).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it('one that fails for now leaves the others closed and told, and comes again alone, so that nobody is told twice', async () => {
    const ports = scanWorld(fleet(5));
    const one = ports.fail.bind(ports, `modify ${REGION} ${instanceId(2)}`);
    one(...Array<Error>(60).fill(failure('throttled')));

    await take(batch(ids(5)), rules(), { ...ports, time: virtualTime(60) });

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 4, failed: 1 } } }]);
    expect(ports.checks).toHaveLength(4);
    expect(ports.waiting.map((text) => parseScan(JSON.parse(text)))).toEqual([batch([instanceId(2)])]);
    ports.forget();

    expect(await ports.drain(rules())).toEqual([]);

    expect(ports.published.slice(1)).toMatchObject([{ json: { counts: { remediated: 1 } } }]);
    expect(ports.checks).toHaveLength(5);
  });

  it('one that is alone and fails for now is taken again by the queue, which knows when it is enough', async () => {
    const ports = scanWorld(fleet(1));
    ports.fail('modify', ...Array<Error>(60).fill(failure('throttled')));

    await expect(take(batch(ids(1)), rules(), { ...ports, time: virtualTime(60) })).rejects.toEqual(
      new TryAgainError(`1 instances in ${REGION} must be tried again`),
    );
    expect(ports.waiting).toEqual([]);
  });

  it('a queue that does not take them back has the whole batch come again', async () => {
    const ports = scanWorld(fleet(5));
    ports.fail(`modify ${REGION} ${instanceId(2)}`, ...Array<Error>(60).fill(failure('unknown')));
    ports.fail('ask', failure('denied', 'no'));

    await expect(take(batch(ids(5)), rules(), ports)).rejects.toEqual(failure('denied', 'no'));
  });

  it('one that fails for good is told, and the batch is done', async () => {
    const ports = scanWorld(fleet(5));
    ports.fail(`modify ${REGION} ${instanceId(2)}`, failure('denied'));

    await take(batch(ids(5)), rules(), ports);

    expect(ports.published).toMatchObject([
      { json: { counts: { remediated: 4, failed: 1 } }, attributes: { severity: 'CRITICAL' } },
    ]);
  });

  it('where nothing can be done the rest is given up, and not tried again in vain', async () => {
    const ports = scanWorld(fleet(200));
    ports.fail(`modify ${REGION}`, ...Array<Error>(200).fill(failure('denied')));

    await take(batch(ids(200)), rules(), ports);

    expect(changed(ports)).toHaveLength(40);
    expect(ports.published).toMatchObject([{ json: { counts: { failed: 40 } } }]);
  });

  it('where nothing can be done for now the rest comes again', async () => {
    const ports = scanWorld(fleet(200), { time: virtualTime(120) });
    ports.fail('describe', ...Array<Error>(100).fill(failure('unavailable')));

    await expect(take(batch(ids(200)), rules(), ports)).rejects.toThrow(
      `200 instances in ${REGION} must be tried again`,
    );
    expect(changed(ports)).toEqual([]);
  });

  it('time that is up stops it before the deadline; what was done is told, and the next take does the rest', async () => {
    const ports = scanWorld(fleet(100), { time: virtualTime(10) });

    await take(batch(ids(100)), rules(), ports);

    const first = changed(ports);
    expect(first.length).toBeGreaterThan(20);
    expect(ports.time.now().getTime()).toBeLessThan(after(10).getTime());
    expect(ports.checks.map((check) => check.instanceId).sort()).toEqual([...first].sort());

    expect(await ports.drain(rules())).toEqual([]);

    expect(changed(ports).sort()).toEqual(ids(100).sort());
    expect(ports.outcomes.filter(({ status }) => status === 'remediated')).toHaveLength(100);
    expect(ports.outcomes.some(({ status }) => status === 'already-remediated')).toBe(false);
  });

  it('a queue that takes no checks costs nobody the change or the alert', async () => {
    const ports = scanWorld(fleet(2));
    ports.fail('check', failure('denied'));

    await take(batch(ids(2)), rules(), ports);

    expect(ports.published).toMatchObject([{ json: { counts: { remediated: 2 } } }]);
    expect(ports.warnings).toEqual(['what was closed is not checked']);
  });
});
