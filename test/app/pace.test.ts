import { Bucket, Pace } from '../../lambda/app/pace.ts';
import { remediate } from '../../lambda/app/remediate.ts';
import { failure, virtualTime, world } from '../support/ports.ts';
import { instanceId, NOW, policy, snapshot, target } from '../support/builders.ts';

/** Takes tokens. Returns for each the seconds from the start, or the kind of failure. */
async function take(count: number, pace: Pace, time: ReturnType<typeof virtualTime>): Promise<unknown[]> {
  const one = () =>
    pace.take().then(
      () => (time.now().getTime() - NOW.getTime()) / 1000,
      (error: unknown) => (error as { kind?: string }).kind,
    );
  return Promise.all(Array.from({ length: count }, one));
}

describe('Pace', () => {
  it('allows 100 changes at once, then 5 per second', async () => {
    const time = virtualTime();

    const given = await take(110, new Pace(time), time);

    expect(given.slice(0, 100)).toEqual(Array(100).fill(0));
    expect(given.slice(100)).toEqual([0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2]);
  });

  it('refills up to 100', async () => {
    const time = virtualTime(10_000);
    const pace = new Pace(time);
    await take(100, pace, time);
    await time.sleep(3_600_000);

    const given = await take(101, pace, time);

    expect(given.slice(99)).toEqual([3600, 3600.2]);
  });

  it('leaves a second of the full rate to other callers after EC2 has throttled, and halves its own rate', async () => {
    const time = virtualTime();
    const pace = new Pace(time);
    await take(1, pace, time);
    // Calls that were in progress at the same time.
    for (let calls = 0; calls < 10; calls += 1) pace.drain();

    expect(await take(2, pace, time)).toEqual([2.4, 2.8]);
  });

  it('has its full rate again after a while', async () => {
    const time = virtualTime(10_000);
    const pace = new Pace(time);
    await take(1, pace, time);
    pace.drain();
    await time.sleep(60_000);
    await take(100, pace, time);

    const [one, other] = await take(2, pace, time);
    expect(Number(other) - Number(one)).toBeCloseTo(0.2);
  });

  it('keeps the order of waiting callers if EC2 throttles', async () => {
    const time = virtualTime();
    const pace = new Pace(time, new Bucket({ burst: 1, perSecond: 1 }));
    const waiting = take(3, pace, time);
    pace.drain();

    expect(await Promise.all([waiting, take(1, pace, time)])).toEqual([[0, 1, 2], [6]]);
  });

  it('fails at once if there is no token before the deadline, and takes none', async () => {
    const time = virtualTime(3);
    const pace = new Pace(time, new Bucket({ burst: 1, perSecond: 1 }));

    expect(await take(6, pace, time)).toEqual([0, 1, 2, 'deadline', 'deadline', 'deadline']);
    expect(time.now()).toEqual(new Date(NOW.getTime() + 2000));
  });
});

describe('Bucket', () => {
  it('reserves times one after another, and is behind until 30 s after the last', () => {
    const bucket = new Bucket();
    const now = NOW.getTime();

    expect([1, 2, 3].map(() => bucket.reserve(now))).toEqual([200, 400, 600]);
    expect(bucket.backlog(now + 500)).toBe(30_100);
    expect(bucket.backlog(now + 31_000)).toBe(0);
  });

  it('is behind for 30 s after a late change', () => {
    const bucket = new Bucket();
    bucket.noteLate(NOW.getTime());

    expect(new Pace(virtualTime(), bucket).isBehind()).toBe(true);
    expect(bucket.backlog(NOW.getTime() + 30_000)).toBe(0);
  });
});

describe('a burst of launches in one invocation', () => {
  const ids = Array.from({ length: 800 }, (_, index) => instanceId(index));
  const burst = () => world(ids.map((id) => snapshot({ instanceId: id })));

  it('is remediated at that pace until the deadline; the remaining instances fail and can be retried', async () => {
    const ports = burst();

    const outcomes = await remediate(
      ids.map((id) => target({ instanceId: id })),
      policy(),
      ports,
    );

    const counts = Map.groupBy(outcomes, ({ status, reason }) => `${status} ${reason}`);
    expect([...counts].map(([result, group]) => [result, group.length])).toEqual([
      ['remediated imdsv1-enabled', 100 + 105 * 5 - 1],
      ['failed deadline', 800 - (100 + 105 * 5 - 1)],
    ]);
    expect(ports.calls.filter((call) => call.startsWith('modify'))).toHaveLength(100 + 105 * 5 - 1);
  });

  it('slows down after a single throttled call', async () => {
    const ports = burst();
    ports.fail('modify', failure('throttled'));

    await remediate(
      ids.slice(0, 60).map((id) => target({ instanceId: id })),
      policy(),
      ports,
    );

    // Ten calls were in progress when one was throttled; the other 51 follow at 5 per second.
    expect(ports.time.now().getTime() - NOW.getTime()).toBeGreaterThanOrEqual(10_000);
    expect(ports.calls.filter((call) => call.startsWith('modify'))).toHaveLength(61);
  });
});
