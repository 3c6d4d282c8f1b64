import fc from 'fast-check';
import { type Candidate, rollOut, shareOf } from '../../lambda/core/rollout.ts';
import { instanceId } from '../support/builders.ts';

const of = (count: number, fleet?: string): Candidate[] =>
  Array.from({ length: count }, (_, index) => ({ instanceId: instanceId(index), fleet }));

test.each([
  [200, 0, 5],
  [200, 3, 2],
  [200, 5, 45],
  [200, 50, 150],
  [12, 5, 7],
  [3, 0, 5],
])('of %i instances, %i of which require IMDSv2, a run changes at most %i', (instances, required, share) => {
  expect(shareOf(instances, required)).toBe(share);
});

test('instances without a launch source have no share', () => {
  expect(rollOut(of(50), new Map())).toHaveLength(50);
});

test('launch sources do not wait for each other', () => {
  const db = of(23, 'db').slice(20);
  expect(rollOut([...of(20, 'web'), ...db], new Map())).toEqual(
    [...of(5, 'web'), ...db].map(({ instanceId: id }) => id),
  );
});

test('any launch source is complete after three runs, and no run changes more than its share', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), (instances) => {
      let required = 0;
      const shares: number[] = [];
      while (required < instances) {
        const instanceIds = rollOut(of(instances - required, 'web'), new Map([['web', required]]));
        shares.push(instanceIds.length);
        required += instanceIds.length;
        expect(instanceIds.length).toBeGreaterThan(0);
      }
      expect(shares.length).toBeLessThanOrEqual(3);
      expect(shares[0]).toBeLessThanOrEqual(5);
      if (shares.length === 3)
        expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBeLessThanOrEqual(Math.ceil(instances / 4));
    }),
  );
});
