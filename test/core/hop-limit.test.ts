import fc from 'fast-check';
import { raisedHopLimit } from '../../lambda/core/hop-limit.ts';

test.each([
  [1, 2, 2],
  [2, 2, undefined],
  [3, 2, undefined],
  [undefined, 64, undefined],
])('a hop limit of %s that is to be at least %i → %s', (has, atLeast, raised) => {
  expect(raisedHopLimit({ HttpPutResponseHopLimit: has }, atLeast)).toBe(raised);
});

test('is never lowered, and is at least that in the end', () => {
  const hops = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(hops, hops, (has, atLeast) => {
      const after = raisedHopLimit({ HttpPutResponseHopLimit: has }, atLeast) ?? has;
      expect(after).toBe(Math.max(has, atLeast));
    }),
  );
});
