import { setTimeout as sleep } from 'node:timers/promises';
import { Activity } from '../../sandbox/aws/simulation/activity.ts';
import { Clock } from '../../sandbox/aws/simulation/clock.ts';
import { sandboxOf, stopAll } from './support.ts';

const HOUR = 3_600_000;

afterEach(stopAll);

/** A clock in real time, so that whatever passes was skipped. */
function skipping() {
  const activity = new Activity();
  const clock = new Clock(1, activity, 0, true);
  clock.skipRests();
  return { activity, clock };
}

test('with nothing at work, the clock goes from one due time to the next', async () => {
  const { activity, clock } = skipping();
  const rung: number[] = [];
  clock.after(3 * HOUR, () => rung.push(clock.now()), 'last');
  clock.after(
    HOUR,
    () => {
      rung.push(clock.now());
      clock.after(HOUR, () => rung.push(clock.now()), 'added');
    },
    'first',
  );
  clock.after(2.5 * HOUR, () => rung.push(NaN), 'cancelled')();
  await activity.idle(10_000);
  clock.stop();
  expect(rung.map((at) => at / HOUR)).toEqual([expect.closeTo(1, 3), expect.closeTo(2, 3), expect.closeTo(3, 3)]);
});

test('nothing is skipped while something is at work', async () => {
  const { activity, clock } = skipping();
  let rung = 0;
  const end = activity.work('call');
  clock.after(HOUR, () => rung++);
  clock.after(20, () => rung++);
  await sleep(200);
  expect(rung).toBe(1);
  expect(clock.now()).toBeLessThan(60_000);
  end();
  end();
  expect(activity.atRest).toBe(true);
  await clock.sleep(HOUR);
  expect(rung).toBe(2);
  clock.stop();
});

test('who makes calls from outside says so', async () => {
  const sandbox = await sandboxOf({ timeScale: 1 });
  sandbox.clock.skipRests();
  const before = sandbox.clock.now();
  void sandbox.clock.sleep(HOUR);
  await expect(sandbox.work('call', () => sleep(50).then(() => 'done'))).resolves.toBe('done');
  expect(sandbox.clock.now()).toBeLessThan(before + 60_000);
  await expect(sandbox.work('call', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  await sandbox.clock.sleep(HOUR);
  await sandbox.idle(10_000);
});

test('only a patient clock can', () => {
  expect(() => new Clock(1, new Activity()).skipRests()).toThrow('only a patient clock');
});
