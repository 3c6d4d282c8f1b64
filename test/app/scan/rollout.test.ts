import { instanceId, REGION } from '../../support/builders.ts';
import { DAILY, old, reported, rules, RUN, runStep, scanWorld, type ScanWorld } from '../../support/scan.ts';

const STEP = { ...RUN, step: 'region' } as const;
const WEB = { 'aws:autoscaling:groupName': 'web' };
const POOL = { 'karpenter.sh/nodepool': 'spot' };
const RULES = rules({ existing: 'enforce' });
const fleet = (count: number, tags: Readonly<Record<string, string>> = WEB) =>
  Array.from({ length: count }, (_, index) => old(instanceId(index + 1), { tags }));
const changes = (ports: ScanWorld) => ports.calls.filter((call) => call.startsWith('modify'));
const run = async (ports: ScanWorld, given = RULES) => {
  const before = changes(ports).length;
  await runStep(STEP, given, ports);
  expect(await ports.drain(given)).toEqual([]);
  return changes(ports).length - before;
};

it('changes a launch source of 200 in three runs: five, a quarter, the rest', async () => {
  const ports = scanWorld(fleet(200));

  expect([await run(ports), await run(ports), await run(ports), await run(ports)]).toEqual([5, 45, 150, 0]);
});

it('changes nothing twice if a scan is killed in between', async () => {
  const ports = scanWorld(fleet(200));
  for (let runs = 0; runs < 3; runs += 1) {
    // The batch of this run is lost.
    await runStep(STEP, RULES, ports);
    ports.queued.splice(0);
    await run(ports);
  }

  expect(changes(ports)).toHaveLength(200);
  expect(new Set(changes(ports)).size).toBe(200);
});

it('stops at the first sign: calls are rejected on one of the first five, and the digest says why', async () => {
  const ports = scanWorld(fleet(200));
  await run(ports);
  const [first = ''] = changes(ports).map((call) => call.split(' ')[2]);
  ports.mostRejected.set(first, 12);
  ports.metrics.set(`MetadataNoToken ${first}`, reported());

  expect([await run(ports), await run(ports)]).toEqual([0, 0]);

  await runStep({ ...DAILY, step: 'region' }, RULES, ports);
  await ports.drain(RULES);
  const digest = ports.digests().at(-1);
  expect(digest?.json).toMatchObject({ severity: 'HIGH' });
  expect(digest?.email).toContain('195 non-compliant instances (calls are rejected on other instances');
});

it('goes on if the rejected calls are those of an instance that never had IMDSv1 enabled, or of another fleet', async () => {
  const probed = old(instanceId(900), { tags: WEB, options: { HttpTokens: 'required' } });
  const other = old(instanceId(901), { tags: POOL, options: { HttpTokens: 'required' } });
  const ports = scanWorld([...fleet(20), probed, other]);
  ports.mostRejected.set(probed.instanceId, 5).set(other.instanceId, 5);
  ports.metrics.set(`MetadataNoToken ${other.instanceId}`, reported());

  expect(await run(ports)).toBe(4);
});

it('leaves every instance of a launch source of which one is in use', async () => {
  const ports = scanWorld(fleet(30, POOL));
  for (let index = 1; index <= 30; index += 1) {
    ports.metrics.set(`MetadataNoToken ${instanceId(index)}`, reported(index === 30 ? 4 : 0));
  }

  expect(await run(ports, rules({ existing: 'enforce-when-unused' }))).toBe(0);
});

it('leaves the old instances of a group whose workers called and are gone', async () => {
  const ports = scanWorld(fleet(8));
  for (let index = 1; index <= 8; index += 1) ports.metrics.set(`MetadataNoToken ${instanceId(index)}`, reported());
  ports.metrics.set('MetadataNoToken web', reported(50));
  const whenUnused = rules({ existing: 'enforce-when-unused' });

  expect(await run(ports, whenUnused)).toBe(0);

  // The gate by instance, without the group, would have changed them.
  ports.metrics.delete('MetadataNoToken web');
  expect(await run(ports, whenUnused)).toBe(5);
  expect(ports.calls).toContain(`measure ${REGION} MetadataNoToken web`);
});
