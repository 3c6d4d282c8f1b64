import fc from 'fast-check';
import { dayFromNow, daysLeft, readExemption, readPeriod, type Exemption } from '../../lambda/core/exemption.ts';

const NOON = '2026-11-22T12:00:00Z';
const read = (until: string, now: string, maxDays = 90): Exemption =>
  readExemption(new Map([['imdsv2:exempt-until', until]]), new Date(now), maxDays);

describe('readExemption() is in effect until the end of the day in UTC:', () => {
  test.each([
    ['2026-11-22', '2026-11-22T00:00:00.000Z', 'active'],
    ['2026-11-22', '2026-11-22T23:59:59.999Z', 'active'],
    ['2026-11-22', '2026-11-23T00:00:00.000Z', 'expired'],
    ['2026-11-22', '2026-11-22T23:30:00-01:00', 'expired'],
    ['2026-11-22', '2026-11-23T00:30:00+01:00', 'active'],
    ['2028-02-29', '2028-02-29T12:00:00Z', 'active'],
  ] as const)('until %s is, at %s, %s', (until, now, kind) => {
    expect(read(until, now)).toEqual({ kind, until });
  });
});

describe('readExemption() counts the maximum in days from today:', () => {
  test.each([
    ['2026-12-22', '2026-11-22T00:00:00.000Z', 30, 'active'],
    ['2026-12-22', '2026-11-22T23:59:59.999Z', 30, 'active'],
    ['2026-12-23', '2026-11-22T00:00:00.000Z', 30, 'exceeds-maximum'],
    ['2026-12-23', '2026-11-22T23:59:59.999Z', 30, 'exceeds-maximum'],
    ['2026-11-23', NOON, 1, 'active'],
    ['2026-11-24', NOON, 1, 'exceeds-maximum'],
    ['9999-12-31', NOON, 3650, 'exceeds-maximum'],
  ] as const)('until %s is, at %s with a maximum of %i days, %s', (until, now, maxDays, kind) => {
    expect(read(until, now, maxDays)).toEqual({ kind, until });
  });
});

test('readExemption() is none without the tag, whatever other tags exist', () => {
  const tags = new Map([
    ['imdsv2:exempt-reason', 'because'],
    ['Name', '2026-12-31'],
  ]);
  expect(readExemption(tags, new Date(NOON), 90)).toEqual({ kind: 'none' });
});

test('readExemption() returns the reason unchanged', () => {
  const tags = new Map([
    ['imdsv2:exempt-until', '2026-12-01'],
    ['imdsv2:exempt-reason', ' vendor agent, ticket 4711 '],
  ]);
  expect(readExemption(tags, new Date(NOON), 90)).toEqual({
    kind: 'active',
    until: '2026-12-01',
    reason: ' vendor agent, ticket 4711 ',
  });
});

test.each([
  '2026-02-29',
  '2026-02-31',
  '2026-13-01',
  '2026-00-10',
  '2026-11-00',
  '2026-11-31',
  '2026',
  '2026-12',
  '26-12-31',
  '2026-1-1',
  '2026/12/31',
  '31.12.2026',
  '20261231',
  '2026-12-31T00:00:00Z',
  '2026-12-31 and on',
  '+002026-12-31',
  '+012026-12-31',
  '2026-12-31\n2027-12-31',
  '２０２６-12-31',
  'forever',
  'true',
  '',
  ' ',
])('readExemption() of %j is malformed', (value) => {
  expect(read(value, NOON)).toEqual({ kind: 'malformed', value });
});

test('readExemption() never exempts with a text that is no calendar day', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d\d-\d\d$/)), (value) => {
      const exemption = read(value, NOON);
      if (exemption.kind !== 'active') return;
      expect(exemption.until).toMatch(/^202[67]-\d\d-\d\d$/);
      expect(new Date(exemption.until).toISOString().slice(0, 10)).toBe(exemption.until);
    }),
  );
});

test('dayFromNow() is in date if the maximum is at least as many days', () => {
  expect(dayFromNow(new Date('2026-12-25T23:59:59Z'), 14)).toBe('2027-01-08');
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
      fc.integer({ min: 1, max: 3650 }),
      (now, days) => {
        const until = dayFromNow(now, days);
        const exemption = readExemption(new Map([['imdsv2:exempt-until', until]]), now, days);
        expect(exemption).toEqual({ kind: 'active', until });
      },
    ),
  );
});

describe('readPeriod()', () => {
  test.each([
    ['0d', '2026-11-22'],
    ['1d', '2026-11-23'],
    ['14d', '2026-12-06'],
    ['9999d', '2054-04-08'],
    ['2026-12-31', '2026-12-31'],
    ['2020-02-29', '2020-02-29'],
  ])('of %s is %s', (text, until) => {
    expect(readPeriod(text, new Date(NOON))).toBe(until);
  });

  test.each(['', 'd', '14', '14 d', ' 14d', '14d ', '-1d', '1.5d', '10000d', '14D', '2w', '2026-02-30', '2026-12-31T'])(
    'of %j is undefined',
    (text) => {
      expect(readPeriod(text, new Date(NOON))).toBeUndefined();
    },
  );
});

describe('daysLeft()', () => {
  test.each([
    ['2026-11-22', '2026-11-22T00:00:00.000Z', 0],
    ['2026-11-22', '2026-11-22T23:59:59.999Z', 0],
    ['2026-11-23', '2026-11-22T23:59:59.999Z', 1],
    ['2026-11-23', '2026-11-22T00:00:00.000Z', 1],
    ['2026-11-21', '2026-11-22T00:00:00.000Z', -1],
    ['2027-11-22', '2026-11-22T12:00:00.000Z', 365],
  ])('until %s, at %s, is %i', (until, now, days) => {
    expect(daysLeft(until, new Date(now))).toBe(days);
  });

  test('agrees with readExemption()', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 200 }),
        fc.date({ noInvalidDate: true, min: new Date('2000-01-01'), max: new Date('2100-01-01') }),
        (days, now) => {
          const until = dayFromNow(now, days);
          expect(daysLeft(until, now)).toBe(days);
          expect(readExemption(new Map([['imdsv2:exempt-until', until]]), now, 90).kind).toBe(
            days < 0 ? 'expired' : days > 90 ? 'exceeds-maximum' : 'active',
          );
        },
      ),
    );
  });
});
