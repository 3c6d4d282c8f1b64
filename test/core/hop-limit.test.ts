import fc from 'fast-check';
import { raisedHopLimit } from '../../lambda/core/hop-limit.ts';

test.each([
  [1, 2, 2],
  [2, 2, undefined],
  [3, 2, undefined],
  [undefined, 64, undefined],
])('raisedHopLimit() of %s to at least %i is %s', (current, atLeast, raised) => {
  expect(raisedHopLimit({ HttpPutResponseHopLimit: current }, atLeast)).toBe(raised);
});

test('raisedHopLimit() never lowers the hop limit', () => {
  const hops = fc.integer({ min: 1, max: 64 });
  fc.assert(
    fc.property(hops, hops, (current, atLeast) => {
      const after = raisedHopLimit({ HttpPutResponseHopLimit: current }, atLeast) ?? current;
      expect(after).toBe(Math.max(current, atLeast));
    }),
  );
});
