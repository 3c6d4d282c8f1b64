import fc from 'fast-check';
import {
  type Measurement,
  type Usage,
  USAGE_RULES,
  type UsagePoint,
  usageOf,
  windowOf,
} from '../../lambda/core/usage.ts';
import { NOW, snapshot, type SnapshotChange } from '../support/builders.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ago = (milliseconds: number): Date => new Date(NOW.getTime() - milliseconds);
const WINDOW = windowOf(NOW, USAGE_RULES);
const PERIOD = WINDOW.periodSeconds * 1000;

/** Data points of an instance that reports zeros between two times, except for the counts of `used`. */
function zeros(from: Date, to: Date, ...used: readonly UsagePoint[]): UsagePoint[] {
  const counts = new Map(used.map(({ at, count }) => [periodOf(at), count]));
  const points: UsagePoint[] = [];
  for (let start = periodOf(from); start < to.getTime(); start += PERIOD) {
    points.push({ at: new Date(start), count: counts.get(start) ?? 0 });
  }
  return points;
}
const periodOf = (at: Date): number => Math.floor(at.getTime() / PERIOD) * PERIOD;
const read = (points: readonly UsagePoint[]): Measurement => ({ points, complete: true });

const OLD = { firstLaunch: ago(100 * DAY), launchTime: ago(100 * DAY) };
const judge = (given: SnapshotChange, measurement: Measurement, rules = USAGE_RULES): Usage =>
  usageOf(snapshot({ ...OLD, ...given }), measurement, WINDOW, rules, NOW);
const unknown = (why: string) => ({ kind: 'unknown', why });

describe('windowOf()', () => {
  test('measures 14 days in periods of two hours that start at even hours', () => {
    const odd = windowOf(new Date('2026-11-22T13:17:05Z'), USAGE_RULES);
    expect(odd).toEqual({
      from: new Date('2026-11-08T12:00:00Z'),
      to: new Date('2026-11-22T14:00:00Z'),
      periodSeconds: 7200,
    });
  });

  test('covers any look-back window, and 500 metrics have at most 100,800 points', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 455 }),
        fc.date({ min: ago(900 * DAY), max: NOW, noInvalidDate: true }),
        (lookBackDays, now) => {
          const { from, to, periodSeconds } = windowOf(now, { ...USAGE_RULES, lookBackDays });
          expect(periodSeconds % 3600).toBe(0);
          expect(((to.getTime() - from.getTime()) / 1000 / periodSeconds) * 500).toBeLessThanOrEqual(100_800);
          expect(from.getTime()).toBeLessThanOrEqual(now.getTime() - lookBackDays * DAY);
          expect(to.getTime()).toBeGreaterThanOrEqual(now.getTime());
        },
      ),
    );
  });
});

describe('usageOf() is unused with', () => {
  test('zeros in the whole window', () => {
    expect(judge({}, read(zeros(ago(14 * DAY), NOW)))).toEqual({ kind: 'unused', hours: 14 * 24 });
  });

  test('zeros for its own age, if that is shorter than the window and at least the minimum', () => {
    const aged = (hours: number) => {
      const launchTime = ago(hours * HOUR);
      return judge({ launchTime, firstLaunch: launchTime }, read(zeros(launchTime, NOW)));
    };
    expect(aged(24)).toEqual({ kind: 'unused', hours: 24 });
    expect(aged(36.5)).toEqual({ kind: 'unused', hours: 36.5 });
    expect(aged(23.9)).toEqual(unknown('too-young'));
  });

  test('the minimum age of the rules', () => {
    const launchTime = ago(36 * HOUR);
    const rules = { ...USAGE_RULES, minimumAgeDays: 2 };
    expect(judge({ launchTime, firstLaunch: launchTime }, read(zeros(launchTime, NOW)), rules)).toEqual(
      unknown('too-young'),
    );
  });

  test('zeros before a long stop, if it was started an hour ago', () => {
    const points = [...zeros(ago(10 * DAY), ago(5 * DAY)), ...zeros(ago(HOUR), NOW)];
    expect(judge({ launchTime: ago(HOUR) }, read(points)).kind).toBe('unused');
  });

  test('zeros for a day less the allowed gap, if it was started after a long stop', () => {
    const since = (hours: number) => judge({ launchTime: ago(hours * HOUR) }, read(zeros(ago(hours * HOUR), NOW)));
    expect(since(18)).toEqual({ kind: 'unused', hours: 18 });
    expect(since(16)).toEqual(unknown('too-little-data'));
  });

  test('missing data of the last hours', () => {
    expect(judge({}, read(zeros(ago(14 * DAY), ago(4 * HOUR)))).kind).toBe('unused');
  });

  test('zeros since the last start, if the first launch is unknown', () => {
    const given = { firstLaunch: undefined, launchTime: ago(3 * DAY) };
    expect(judge(given, read(zeros(ago(3 * DAY), NOW)))).toEqual({ kind: 'unused', hours: 72 });
  });
});

describe('usageOf() is in use', () => {
  test('with the number of calls, the average per day and the last call', () => {
    const points = zeros(ago(14 * DAY), NOW, { at: ago(3 * DAY), count: 40 }, { at: ago(2 * DAY), count: 2 });
    expect(judge({}, read(points))).toEqual({
      kind: 'in-use',
      count: 42,
      callsPerDay: 3,
      lastSeen: new Date('2026-11-20T14:00:00Z'),
    });
  });

  test('whatever the order of the data points', () => {
    const points = zeros(ago(14 * DAY), NOW, { at: ago(3 * DAY), count: 1 }, { at: ago(9 * DAY), count: 1 });
    expect(judge({}, read(points.toReversed()))).toEqual(judge({}, read(points)));
  });

  test('until now, if the last call is in the current period', () => {
    expect(judge({}, read(zeros(ago(DAY), NOW, { at: ago(1), count: 1 })))).toMatchObject({ lastSeen: NOW });
  });

  test('with an average over a day at least', () => {
    const launchTime = ago(2 * HOUR);
    const points = zeros(launchTime, NOW, { at: launchTime, count: 12 });
    expect(judge({ launchTime, firstLaunch: launchTime }, read(points))).toMatchObject({ count: 12, callsPerDay: 12 });
  });

  test.each<readonly [string, SnapshotChange, boolean]>([
    ['stopped', { state: 'stopped' }, true],
    ['too young', { launchTime: ago(HOUR), firstLaunch: ago(HOUR) }, true],
    ['only partly read', {}, false],
    ['of unknown age', { launchTime: undefined, firstLaunch: undefined }, true],
  ])('with one counted call, even if %s', (_, given, complete) => {
    expect(judge(given, { points: [{ at: ago(HOUR), count: 1 }], complete }).kind).toBe('in-use');
  });

  test('only with calls in the window', () => {
    const long = { at: ago(14 * DAY + PERIOD), count: 5 };
    expect(judge({}, read([long, ...zeros(ago(14 * DAY), NOW)])).kind).toBe('unused');
    expect(judge({}, read([long]))).toEqual(unknown('no-data'));
  });
});

describe('usageOf() is unknown:', () => {
  test.each<readonly [string, SnapshotChange, Measurement]>([
    ['no-data', {}, read([])],
    ['not-read', {}, { points: zeros(ago(14 * DAY), NOW), complete: false }],
    ['stopped', { state: 'stopped' }, read(zeros(ago(14 * DAY), NOW))],
    ['stopped', { state: 'stopping' }, read(zeros(ago(14 * DAY), NOW))],
    ['stopped', { state: 'pending' }, read(zeros(ago(14 * DAY), NOW))],
    ['age-unknown', { launchTime: undefined }, read(zeros(ago(14 * DAY), NOW))],
    ['too-young', { launchTime: ago(DAY - 1), firstLaunch: ago(DAY - 1) }, read(zeros(ago(DAY), NOW))],
    ['too-little-data', { launchTime: ago(HOUR) }, read(zeros(ago(HOUR), NOW))],
    ['gaps', {}, read(zeros(ago(4 * DAY), NOW))],
    ['gaps', {}, read(zeros(ago(14 * DAY), ago(10 * HOUR)))],
  ])('%s', (why, given, measurement) => {
    expect(judge(given, measurement)).toEqual(unknown(why));
  });

  test('a period counts once, even if it is returned twice', () => {
    const once = zeros(ago(8 * DAY), NOW);
    expect(judge({}, read([...once, ...once]))).toEqual(unknown('gaps'));
  });
});

describe('usageOf() for any data', () => {
  const point = fc.record({
    at: fc.date({ min: ago(20 * DAY), max: NOW, noInvalidDate: true }),
    count: fc.constantFrom(0, 0, 0, 1, 17),
  });
  const given = fc.record({
    state: fc.constantFrom('running', 'stopped', 'pending'),
    launchTime: fc.option(fc.date({ min: ago(40 * DAY), max: NOW, noInvalidDate: true }), { nil: undefined }),
    firstLaunch: fc.option(fc.date({ min: ago(40 * DAY), max: NOW, noInvalidDate: true }), { nil: undefined }),
  });
  const measurement = fc.record({ points: fc.array(point, { maxLength: 200 }), complete: fc.boolean() });

  test('unused only with data, without a call, complete, on a running instance', () => {
    fc.assert(
      fc.property(given, measurement, (change, measured) => {
        const usage = judge(change, measured);
        const inWindow = measured.points.filter(({ at }) => at.getTime() + PERIOD > NOW.getTime() - 14 * DAY);
        if (inWindow.some(({ count }) => count > 0)) expect(usage.kind).toBe('in-use');
        if (usage.kind !== 'unused') return;
        expect(inWindow.length).toBeGreaterThan(0);
        expect(measured.complete).toBe(true);
        expect(change.state).toBe('running');
      }),
    );
  });

  test('never makes an instance unused because data is missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 167 }), fc.integer({ min: 0, max: 167 }), (from, count) => {
        const all = zeros(ago(14 * DAY), NOW);
        const lost = read(all.filter((_, index) => index < from || index >= from + count));
        const missing = Math.min(count, all.length - from) * 2;
        expect(judge({}, lost).kind).toBe(missing > 6 ? 'unknown' : 'unused');
      }),
    );
  });
});
