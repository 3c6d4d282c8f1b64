import { count, duration, instancesOf, iso, minute, plural } from '../../../lambda/core/words/format.ts';

test('count() separates thousands', () => {
  expect([count(999), count(12_345)]).toEqual(['999', '12,345']);
});

test('plural() and instancesOf() use the singular for one only', () => {
  expect([0, 1, 2, 1_000].map((value) => plural(value, 'call'))).toEqual([
    '0 calls',
    '1 call',
    '2 calls',
    '1,000 calls',
  ]);
  expect([instancesOf(1), instancesOf(2)]).toEqual(['1 instance', '2 instances']);
});

test('iso() and minute() show a time in UTC', () => {
  expect(iso(new Date('2026-11-22T12:00:00.999Z'))).toBe('2026-11-22T12:00:00Z');
  expect(minute(new Date('2026-11-22T12:34:56.789Z'))).toBe('2026-11-22T12:34Z');
});

test.each([
  [-5, '0 s'],
  [499, '0 s'],
  [59_499, '59 s'],
  [60_000, '1 min 0 s'],
  [3_599_000, '59 min 59 s'],
  [3_600_000, '1 h 0 min'],
  [47 * 3_600_000 + 59 * 60_000, '47 h 59 min'],
  [48 * 3_600_000, '2 days'],
  [34_560_040_000, '400 days'],
])('duration(%i) is %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});
