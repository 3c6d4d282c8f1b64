import fc from 'fast-check';
import { instanceId, REGION } from '../../support/builders.ts';
import { after } from '../../support/ports.ts';
import { old, reported, rules, RUN, type ScanWorld, scanWorld, runStep } from '../../support/scan.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const changed = ({ calls }: ScanWorld): string[] =>
  calls.filter((call) => call.startsWith('modify')).map((call) => call.split(' ')[2] ?? '');
const start = (seconds = 0) => ({ ...RUN, step: 'start', startedAt: after(seconds) }) as const;

it('a run remediates, notifies, counts and checks the existing instances', async () => {
  const ports = scanWorld([
    ...ids(25).map((id) => old(id)),
    old(instanceId(99), { options: { HttpTokens: 'required' } }),
  ]);

  await runStep(start(), rules(), ports);
  expect(await ports.drain(rules())).toEqual([]);

  expect(changed(ports).sort()).toEqual(ids(25).sort());
  expect(ports.digests()).toMatchObject([
    { json: { remediated: 25, counts: { 'non-compliant': 0, pending: 25, compliant: 1 } } },
  ]);
  expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 0, needsReview: 0 }]]);
  expect(ports.checks).toHaveLength(25);
});

describe('a run with pages that move', () => {
  it('lists all instances before the first change', async () => {
    // Pages are read by offset: changes between two pages would skip instances.
    const ports = scanWorld(
      ids(95).map((id) => old(id)),
      { pageSize: 10 },
    );

    await runStep(start(), rules(), ports);
    expect(await ports.drain(rules())).toEqual([]);

    expect(changed(ports).sort()).toEqual(ids(95).sort());
    const firstChange = ports.calls.findIndex((call) => call.startsWith('modify'));
    const pages = ports.calls.slice(0, firstChange).filter((call) => call.startsWith('list'));
    expect(pages).toHaveLength(10);
  });

  it('remediates all instances, whatever the sizes of pages and fleet', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30 }), async (count, pageSize) => {
        const ports = scanWorld(
          ids(count).map((id) => old(id)),
          { pageSize },
        );

        await runStep(start(), rules(), ports);
        await ports.drain(rules());

        expect(changed(ports).sort()).toEqual(ids(count).sort());
      }),
      { numRuns: 30 },
    );
  });
});

describe('overlapping runs', () => {
  it.each(['enforce', 'enforce-when-unused'] as const)(
    'change no instance twice under existing=%s',
    async (existing) => {
      const ports = scanWorld(ids(30).map((id) => old(id)));
      ids(30).forEach((id) => ports.metrics.set(`MetadataNoToken ${id}`, reported()));
      // Both list the region before the first change.
      for (const seconds of [0, 6 * 3600]) {
        await runStep({ ...RUN, step: 'region', startedAt: after(seconds) }, rules({ existing }), ports);
      }

      expect(await ports.drain(rules({ existing }))).toEqual([]);

      expect(changed(ports).sort()).toEqual(ids(30).sort());
      expect(ports.checks).toHaveLength(30);
      expect(ports.completed).toHaveLength(2);
    },
  );
});

it('a run changes exactly the instances that it may, once each, whatever the fleet', async () => {
  const kind = fc.constantFrom(
    'non-compliant',
    'exempt',
    'malformed exemption',
    'compliant',
    'off',
    'managed',
    'used',
    'without data',
    'terminated',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { maxLength: 40 }), fc.boolean(), async (kinds, whenUnused) => {
      const ports = scanWorld();
      const policy = rules({ existing: whenUnused ? 'enforce-when-unused' : 'enforce' });
      const expected: string[] = [];
      kinds.forEach((what, index) => {
        const id = instanceId(index + 1);
        ports.put(
          old(id, {
            tags: {
              ...(what === 'exempt' && { 'imdsv2:exempt-until': '2026-12-31' }),
              ...(what === 'malformed exemption' && { 'imdsv2:exempt-until': '2026-31-12' }),
            },
            options: {
              ...(what === 'compliant' && { HttpTokens: 'required' }),
              ...(what === 'off' && { HttpEndpoint: 'disabled' }),
            },
            awsManaged: what === 'managed',
            state: what === 'terminated' ? 'terminated' : 'running',
          }),
        );
        if (what !== 'without data') ports.metrics.set(`MetadataNoToken ${id}`, reported(what === 'used' ? 3 : 0));
        if (
          what === 'non-compliant' ||
          what === 'malformed exemption' ||
          (!whenUnused && (what === 'used' || what === 'without data'))
        )
          expected.push(id);
      });

      await runStep(start(), policy, ports);
      expect(await ports.drain(policy)).toEqual([]);

      expect(changed(ports).sort()).toEqual(expected.sort());
    }),
    { numRuns: 60 },
  );
});
