import { setTimeout as sleep } from 'node:timers/promises';
import { beatOn, granted, newSharedTime, Pacemaker, sharedTime } from '../../../sandbox/aws/simulation/elastic-time.ts';

const memory = newSharedTime();
const time = sharedTime(memory);
let now = 1000;
let pacemaker: Pacemaker;

beforeEach(() => (pacemaker = new Pacemaker(memory, () => now)));
afterEach(() => pacemaker.stop());

/** Real time goes on, and the pacemaker has its turn. */
async function pass(ms: number): Promise<void> {
  now += ms;
  await sleep(15);
}

test('time is granted as it passes, but no more than a short step at once', async () => {
  expect(granted(time, now)).toBe(0);
  expect(granted(time, now + 5)).toBe(5);
  await pass(10);
  expect(granted(time, now)).toBe(10);
  await pass(5_000);
  expect(granted(time, now)).toBe(22);
});

test('it never goes back', async () => {
  const ahead = granted(time, now + 12);
  await pass(12);
  expect(granted(time, now)).toBeGreaterThanOrEqual(ahead);
});

test('it stands still while a thread is behind, and goes on when the thread is heard or given up', async () => {
  const beat = new SharedArrayBuffer(4);
  const unwatch = pacemaker.watch(beat);
  await pass(30);
  const before = granted(time, now);
  await pass(10);
  expect(granted(time, now)).toBe(before);
  Atomics.store(new Int32Array(beat), 0, 1);
  await pass(1);
  await pass(10);
  expect(granted(time, now)).toBe(before + 10);
  await pass(30);
  const again = granted(time, now);
  unwatch();
  await pass(1);
  await pass(10);
  expect(granted(time, now)).toBe(again + 10);
});

test('a thread beats by itself', async () => {
  const beat = new SharedArrayBuffer(4);
  beatOn(beat);
  await sleep(30);
  expect(Atomics.load(new Int32Array(beat), 0)).toBe(1);
});
