import { attempt, pauseBefore, withRetries } from '../../lambda/app/retry.ts';
import { FAILURE_KINDS, type FailureKind } from '../../lambda/core/failure.ts';
import { after, failure, virtualTime } from '../support/ports.ts';

const PASSING: readonly FailureKind[] = ['throttled', 'unavailable'];

/** A call that fails this many times, and then gives its number. */
const failingFirst = (times: number, error: Error) => {
  let calls = 0;
  return () => ((calls += 1) > times ? Promise.resolve(calls) : Promise.reject(error));
};

it.each(PASSING)('%s passes: called again until it succeeds', async (kind) => {
  expect(await withRetries(failingFirst(5, failure(kind)), virtualTime())).toBe(6);
});

it.each(FAILURE_KINDS.filter((kind) => !PASSING.includes(kind)))('%s does not pass: thrown at once', async (kind) => {
  const time = virtualTime();

  await expect(withRetries(failingFirst(1, failure(kind)), time)).rejects.toMatchObject({ kind });
  expect(time.now()).toEqual(after(0));
});

it('an exception that is no failure is thrown at once', async () => {
  await expect(withRetries(failingFirst(1, new TypeError('bug')), virtualTime())).rejects.toThrow(TypeError);
});

it('stops before a pause would reach the deadline, and throws what came last', async () => {
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
])('the pause before retry %i is anywhere up to %i ms', (retry, longest) => {
  expect([0, 0.5, 1].map((random) => pauseBefore(retry, random))).toEqual([0, longest / 2, longest]);
});

it('an attempt gives the failure instead of throwing it, but throws a bug', async () => {
  expect(await attempt(() => Promise.resolve('value'))).toBe('value');
  expect(await attempt(() => Promise.reject(failure('denied')))).toEqual(failure('denied'));
  await expect(attempt(() => Promise.reject(new TypeError('bug')))).rejects.toThrow(TypeError);
});
