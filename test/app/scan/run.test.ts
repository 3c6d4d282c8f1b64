import fc from 'fast-check';
import { instanceId, REGION } from '../../support/builders.ts';
import { after } from '../../support/ports.ts';
import { old, reported, rules, RUN, type ScanWorld, scanWorld, take } from '../../support/scan.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const changed = ({ calls }: ScanWorld): string[] =>
  calls.filter((call) => call.startsWith('modify')).map((call) => call.split(' ')[2] ?? '');
const start = (seconds = 0) => ({ ...RUN, step: 'start', startedAt: after(seconds) }) as const;

it('a whole run: what was open before is closed, told, counted and checked', async () => {
  const ports = scanWorld([
    ...ids(25).map((id) => old(id)),
    old(instanceId(99), { options: { HttpTokens: 'required' } }),
  ]);

  await take(start(), rules(), ports);
  expect(await ports.drain(rules())).toEqual([]);

  expect(changed(ports).sort()).toEqual(ids(25).sort());
  expect(ports.digests()).toMatchObject([
    { json: { closed: 25, counts: { 'non-compliant': 0, pending: 25, compliant: 1 } } },
  ]);
  expect(ports.completed).toMatchObject([[REGION, { nonCompliant: 0, needsReview: 0 }]]);
  expect(ports.checks).toHaveLength(25);
});

describe('an instance whose page moves is not skipped', () => {
  it('for the list is complete before the first change', async () => {
    // Each page is read by offset: whoever closes the first ten before he reads on, skips the second ten.
    const ports = scanWorld(
      ids(95).map((id) => old(id)),
      { pageSize: 10 },
    );

    await take(start(), rules(), ports);
    expect(await ports.drain(rules())).toEqual([]);

    expect(changed(ports).sort()).toEqual(ids(95).sort());
    const firstChange = ports.calls.findIndex((call) => call.startsWith('modify'));
    const pages = ports.calls.slice(0, firstChange).filter((call) => call.startsWith('list'));
    expect(pages).toHaveLength(10);
  });

  it('whatever the size of the pages and of the fleet', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30 }), async (count, pageSize) => {
        const ports = scanWorld(
          ids(count).map((id) => old(id)),
          { pageSize },
        );

        await take(start(), rules(), ports);
        await ports.drain(rules());

        expect(changed(ports).sort()).toEqual(ids(count).sort());
      }),
      { numRuns: 30 },
    );
  });
});

describe('two runs that overlap', () => {
  it.each(['enforce', 'enforce-when-unused'] as const)(
    'existing=%s: no instance is changed twice',
    async (existing) => {
      const ports = scanWorld(ids(30).map((id) => old(id)));
      ids(30).forEach((id) => ports.metrics.set(`MetadataNoToken ${id}`, reported()));
      // Both have listed the region before either closes anything.
      for (const seconds of [0, 6 * 3600]) {
        await take({ ...RUN, step: 'region', startedAt: after(seconds) }, rules({ existing }), ports);
      }

      expect(await ports.drain(rules({ existing }))).toEqual([]);

      expect(changed(ports).sort()).toEqual(ids(30).sort());
      expect(ports.checks).toHaveLength(30);
      expect(ports.completed).toHaveLength(2);
    },
  );
});

it('whatever the fleet, only what may be changed is changed, and each of that once', async () => {
  const kind = fc.constantFrom(
    'non-compliant',
    'exempt',
    'badly exempt',
    'compliant',
    'off',
    'managed',
    'used',
    'silent',
    'gone',
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
              ...(what === 'badly exempt' && { 'imdsv2:exempt-until': '2026-31-12' }),
            },
            options: {
              ...(what === 'compliant' && { HttpTokens: 'required' }),
              ...(what === 'off' && { HttpEndpoint: 'disabled' }),
            },
            awsManaged: what === 'managed',
            state: what === 'gone' ? 'terminated' : 'running',
          }),
        );
        if (what !== 'silent') ports.metrics.set(`MetadataNoToken ${id}`, reported(what === 'used' ? 3 : 0));
        if (what === 'non-compliant' || (!whenUnused && (what === 'used' || what === 'silent'))) expected.push(id);
      });

      await take(start(), policy, ports);
      expect(await ports.drain(policy)).toEqual([]);

      expect(changed(ports).sort()).toEqual(expected.sort());
    }),
    { numRuns: 60 },
  );
});
