import { invocationTime } from '../../lambda/adapters/invocation-time.ts';

it('sets the deadline 15 seconds before Lambda ends the invocation', () => {
  const before = Date.now();
  const deadline = invocationTime(120_000).deadline.getTime();

  expect(deadline).toBeGreaterThanOrEqual(before + 105_000);
  expect(deadline).toBeLessThanOrEqual(Date.now() + 105_000);
});

it('sleeps for the given time, and not at all for 0 ms', async () => {
  const time = invocationTime(120_000);
  const before = time.now().getTime();
  await time.sleep(0);
  await time.sleep(25);

  // Timers may fire a millisecond early by the wall clock.
  expect(time.now().getTime() - before).toBeGreaterThanOrEqual(24);
});

it('returns a jitter from 0 up to, but not including, 1', () => {
  const time = invocationTime(120_000);
  const drawn = Array.from({ length: 1000 }, () => time.random());

  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThan(1);
  expect(new Set(drawn).size).toBeGreaterThan(900);
});
