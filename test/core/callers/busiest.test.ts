import fc from 'fast-check';
import { BusiestInstances } from '../../../lambda/core/callers/busiest.ts';
import type { Usage } from '../../../lambda/core/usage.ts';
import { instanceId, NOW, snapshot } from '../../support/builders.ts';

const inUse = (callsPerDay: number): Usage => ({ kind: 'in-use', count: 1, callsPerDay, lastSeen: NOW });

test('the busiest instances, at most three of a launch source, in whatever order they come', () => {
  const instance = fc.record({
    group: fc.option(fc.constantFrom('web', 'workers', 'batch'), { nil: undefined }),
    callsPerDay: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(instance, { maxLength: 40 }), fc.integer({ min: 1, max: 8 }), (instances, limit) => {
      const all = instances.map(({ group, callsPerDay }, index) => ({ id: instanceId(index), group, callsPerDay }));
      const busiest = new BusiestInstances(limit);
      for (const { id, group, callsPerDay } of all) {
        const tags: Record<string, string> = group === undefined ? {} : { 'aws:autoscaling:groupName': group };
        busiest.add(snapshot({ instanceId: id, tags }), inUse(callsPerDay));
      }

      const sorted = all.toSorted((a, b) => b.callsPerDay - a.callsPerDay || (a.id < b.id ? -1 : 1));
      const earlier = (index: number) => sorted.slice(0, index).filter(({ group }) => group === sorted[index]?.group);
      const expected = sorted.filter(({ group }, index) => group === undefined || earlier(index).length < 3);
      expect(busiest.snapshots.map(({ instanceId: id }) => id)).toEqual(expected.slice(0, limit).map(({ id }) => id));
    }),
  );
});

test('an instance without IMDSv1 in use does not count', () => {
  const busiest = new BusiestInstances(20);
  busiest.add(snapshot(), undefined);
  busiest.add(snapshot(), { kind: 'unused', hours: 300 });
  busiest.add(snapshot(), { kind: 'unknown', why: 'gaps' });

  expect(busiest.snapshots).toEqual([]);
});
