import { setTimeout as sleep } from 'node:timers/promises';
import {
  elapsed,
  newSharedTime,
  sendHeartbeats,
  sharedTime,
  TimeKeeper,
} from '../../../sandbox/aws/simulation/shared-time.ts';

const memory = newSharedTime();
const time = sharedTime(memory);
let now = 1000;
let timeKeeper: TimeKeeper;

beforeEach(() => (timeKeeper = new TimeKeeper(memory, () => now)));
afterEach(() => timeKeeper.stop());

/** Advances the real time and waits for the next step. */
async function pass(ms: number): Promise<void> {
  now += ms;
  await sleep(15);
}

test('elapses with real time, but by a short step at most', async () => {
  expect(elapsed(time, now)).toBe(0);
  expect(elapsed(time, now + 5)).toBe(5);
  await pass(10);
  expect(elapsed(time, now)).toBe(10);
  await pass(5_000);
  expect(elapsed(time, now)).toBe(22);
});

test('never decreases', async () => {
  const ahead = elapsed(time, now + 12);
  await pass(12);
  expect(elapsed(time, now)).toBeGreaterThanOrEqual(ahead);
});

test('pauses while heartbeats of a thread are overdue', async () => {
  const heartbeat = new SharedArrayBuffer(4);
  const stopHeartbeats = timeKeeper.expectHeartbeats(heartbeat);
  await pass(30);
  const before = elapsed(time, now);
  await pass(10);
  expect(elapsed(time, now)).toBe(before);
  Atomics.store(new Int32Array(heartbeat), 0, 1);
  await pass(1);
  await pass(10);
  expect(elapsed(time, now)).toBe(before + 10);
  await pass(30);
  const pausedAgain = elapsed(time, now);
  stopHeartbeats();
  await pass(1);
  await pass(10);
  expect(elapsed(time, now)).toBe(pausedAgain + 10);
});

test('a thread sends heartbeats by itself', async () => {
  const heartbeat = new SharedArrayBuffer(4);
  sendHeartbeats(heartbeat);
  await sleep(30);
  expect(Atomics.load(new Int32Array(heartbeat), 0)).toBe(1);
});
