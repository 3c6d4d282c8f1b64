import { attempt, pauseBefore, withRetries } from '../../lambda/app/retry.ts';
import { FAILURE_KINDS, type FailureKind } from '../../lambda/core/failure.ts';
import { after, failure, virtualTime } from '../support/ports.ts';

const TRANSIENT: readonly FailureKind[] = ['throttled', 'unavailable'];

/** A call that fails this many times and then returns the number of calls. */
const failingFirst = (times: number, error: Error) => {
  let calls = 0;
  return () => ((calls += 1) > times ? Promise.resolve(calls) : Promise.reject(error));
};

it.each(TRANSIENT)('withRetries repeats a call after %s', async (kind) => {
  expect(await withRetries(failingFirst(5, failure(kind)), virtualTime())).toBe(6);
});

it.each(FAILURE_KINDS.filter((kind) => !TRANSIENT.includes(kind)))('withRetries throws %s at once', async (kind) => {
  const time = virtualTime();

  await expect(withRetries(failingFirst(1, failure(kind)), time)).rejects.toMatchObject({ kind });
  expect(time.now()).toEqual(after(0));
});

it('withRetries throws an error that is not a FailureError at once', async () => {
  await expect(withRetries(failingFirst(1, new TypeError('bug')), virtualTime())).rejects.toThrow(TypeError);
});

it('withRetries throws the last failure before a pause would reach the deadline', async () => {
  const time = virtualTime(2);

  await expect(withRetries(failingFirst(99, failure('throttled')), time)).rejects.toMatchObject({ kind: 'throttled' });
  expect(time.now()).toEqual(after(1.75)); // 0.25 + 0.5 + 1; the next pause would be 2
});

it.each([
  [0, 500],
  [1, 1000],
  [4, 8000],
  [6, 20_000],
  [2000, 20_000],
])('the pause before retry %i is between 0 and %i ms', (retry, longest) => {
  expect([0, 0.5, 1].map((random) => pauseBefore(retry, random))).toEqual([0, longest / 2, longest]);
});

it('attempt returns a FailureError and throws any other error', async () => {
  expect(await attempt(() => Promise.resolve('value'))).toBe('value');
  expect(await attempt(() => Promise.reject(failure('denied')))).toEqual(failure('denied'));
  await expect(attempt(() => Promise.reject(new TypeError('bug')))).rejects.toThrow(TypeError);
});
