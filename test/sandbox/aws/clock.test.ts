import { setTimeout as sleep } from 'node:timers/promises';
import { Activity } from '../../../sandbox/aws/simulation/activity.ts';
import { Clock } from '../../../sandbox/aws/simulation/clock.ts';
import { sandboxOf, stopAll } from '../support.ts';

const HOUR = 3_600_000;

afterEach(stopAll);

/** A clock in real time, so that only skipped time can pass quickly. */
function skipping() {
  const activity = new Activity();
  const clock = new Clock(1, activity, 0, true);
  clock.skipIdleTime();
  return { activity, clock };
}

test('advances to the next timer while everything waits for the clock', async () => {
  const { activity, clock } = skipping();
  const firedAt: number[] = [];
  clock.after(3 * HOUR, () => firedAt.push(clock.now()), 'last');
  clock.after(
    HOUR,
    () => {
      firedAt.push(clock.now());
      clock.after(HOUR, () => firedAt.push(clock.now()), 'added');
    },
    'first',
  );
  clock.after(2.5 * HOUR, () => firedAt.push(NaN), 'cancelled')();
  await activity.idle(10_000);
  clock.stop();
  expect(firedAt.map((at) => at / HOUR)).toEqual([expect.closeTo(1, 3), expect.closeTo(2, 3), expect.closeTo(3, 3)]);
});

test('skips no time while work is in progress', async () => {
  const { activity, clock } = skipping();
  let fired = 0;
  const end = activity.beginWork('call');
  clock.after(HOUR, () => fired++);
  clock.after(20, () => fired++);
  // No fixed time: on a busy machine the clock pauses.
  while (fired === 0) await sleep(10);
  await sleep(50);
  expect(fired).toBe(1);
  expect(clock.now()).toBeLessThan(60_000);
  end();
  end();
  expect(activity.waitsForClock).toBe(true);
  await clock.sleep(HOUR);
  expect(fired).toBe(2);
  clock.stop();
});

test('skips no time while a task outside the sandbox is counted as work', async () => {
  const sandbox = await sandboxOf({ timeScale: 1 });
  sandbox.clock.skipIdleTime();
  const before = sandbox.clock.now();
  void sandbox.clock.sleep(HOUR);
  await expect(sandbox.work('call', () => sleep(50).then(() => 'done'))).resolves.toBe('done');
  expect(sandbox.clock.now()).toBeLessThan(before + 60_000);
  await expect(sandbox.work('call', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  await sandbox.clock.sleep(HOUR);
  await sandbox.idle(10_000);
});

test('a clock that does not pause when overloaded cannot skip idle time', () => {
  expect(() => new Clock(1, new Activity()).skipIdleTime()).toThrow('only a clock that pauses when overloaded');
});
