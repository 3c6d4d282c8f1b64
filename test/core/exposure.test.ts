import { exposureBefore, type OptionHistory, windowBefore } from '../../lambda/core/exposure.ts';
import type { Proof } from '../../lambda/core/target.ts';
import { existing, snapshot } from '../support/builders.ts';
import { after } from '../support/ports.ts';

const CALL = new Date('2026-11-22T12:02:00Z');
const HOUR = 60;

/** Points of zero calls whose five-minute periods end this many minutes before noon, two minutes before the call. */
const points = (...minutes: readonly number[]) => ({
  points: minutes.map((minute) => ({ at: after(-60 * (minute + 5)), count: 0 })),
  complete: true,
});
const NONE = points();
/** Every period of the last hours up to the one that ended `until` minutes before noon. */
const since = (from: number, until: number) =>
  points(...Array.from({ length: (from - until) / 5 + 1 }, (_, index) => from - 5 * index));

const before = (history: Partial<OptionHistory>, given = running()): Proof =>
  exposureBefore({ noToken: NONE, rejected: NONE, ...history }, given, CALL);
const running = (over: Parameters<typeof existing>[0] = {}) =>
  existing({ launchTime: new Date('2026-10-01T08:00:00Z'), ...over });

describe('exposureBefore() of an instance that is running for weeks', () => {
  test.each<readonly [string, Partial<OptionHistory>, Proof]>([
    ['proves that IMDSv1 was enabled by points of MetadataNoToken', { noToken: since(170, 5) }, 'imdsv1-enabled'],
    [
      'proves that IMDSv2 was required by points of MetadataNoTokenRejected',
      { rejected: since(170, 5) },
      'imdsv2-required',
    ],
    [
      'proves that IMDSv2 was required if it has been since a remediation',
      { noToken: since(170, 60), rejected: since(55, 10) },
      'imdsv2-required',
    ],
    [
      'proves that IMDSv1 was enabled if it has been since tokens were required',
      { noToken: since(55, 10), rejected: since(170, 60) },
      'imdsv1-enabled',
    ],
    [
      'takes a period with points of both for required tokens',
      { noToken: since(170, 10), rejected: points(10) },
      'imdsv2-required',
    ],
    ['proves that IMDS was off without a point of either metric', {}, 'imds-off'],
    [
      'ignores points of more than three hours before',
      { noToken: points(3 * HOUR), rejected: points(3 * HOUR) },
      'imds-off',
    ],
    [
      'ignores the period of the call, which may show what the call did',
      { noToken: points(-3), rejected: points(5) },
      'imdsv2-required',
    ],
    ['counts a period that ended with the call', { noToken: points(-2) }, 'imdsv1-enabled'],
    ['ignores points after the call', { noToken: points(-10, -5), rejected: NONE }, 'imds-off'],
    ['proves nothing by the last point of MetadataNoToken if it is old', { noToken: since(170, 60) }, 'unknown'],
    ['proves that IMDSv1 was enabled by a point of an hour ago at most', { noToken: since(170, 55) }, 'imdsv1-enabled'],
    ['proves that IMDSv2 was required however old the point is', { rejected: points(170) }, 'imdsv2-required'],
    [
      'proves nothing if points of MetadataNoToken may be missing',
      { noToken: { ...NONE, complete: false } },
      'unknown',
    ],
    [
      'proves nothing if points of MetadataNoTokenRejected may be missing',
      { noToken: since(170, 5), rejected: { ...NONE, complete: false } },
      'unknown',
    ],
  ])('%s', (_, history, proof) => {
    expect(before(history)).toBe(proof);
  });
});

describe('exposureBefore()', () => {
  test.each(['stopped', 'stopping', 'pending', ''])('proves nothing about an instance in the state %p', (state) => {
    expect(before({ noToken: since(170, 5) }, running({ state }))).toBe('unknown');
    expect(before({ rejected: since(170, 5) }, running({ state }))).toBe('unknown');
  });

  test('does not take missing points for IMDS off until an instance has been running for half an hour', () => {
    const startedBefore = (minutes: number) => running({ launchTime: after(-60 * minutes, CALL) });
    expect(before({}, startedBefore(30))).toBe('imds-off');
    expect(before({}, startedBefore(29))).toBe('unknown');
    expect(before({}, running({ launchTime: undefined }))).toBe('unknown');
  });

  test('does not take points before the last start for IMDSv1 enabled, because a stopped instance can be changed', () => {
    const restarted = running({ launchTime: after(-60 * 20) });
    expect(before({ noToken: since(170, 25) }, restarted)).toBe('unknown');
    expect(before({ noToken: since(170, 20) }, restarted)).toBe('unknown');
    expect(before({ noToken: since(170, 15) }, restarted)).toBe('imdsv1-enabled');
    expect(before({ rejected: since(170, 25) }, restarted)).toBe('imdsv2-required');
  });

  test('does not take points of the first 15 minutes for an existing exposure', () => {
    const firstLaunch = after(-60 * 35);
    const young = snapshot({ launchTime: firstLaunch, firstLaunch });
    expect(before({ noToken: since(30, 15) }, young)).toBe('unknown');
    expect(before({ noToken: since(30, 10) }, young)).toBe('imdsv1-enabled');
  });
});

describe('windowBefore()', () => {
  test('covers three hours before the first call, in whole periods of five minutes, up to the last call', () => {
    const last = new Date('2026-11-22T12:07:00Z');
    expect(windowBefore([last, CALL])).toEqual({
      from: new Date('2026-11-22T09:00:00Z'),
      to: last,
      periodSeconds: 300,
    });
  });
});
