import { Budget } from '../../lambda/app/budget.ts';
import { type failure, virtualTime } from '../support/ports.ts';

const [HERE, THERE] = ['eu-west-1', 'us-east-1'];
const AT_ONCE = 90;
const FOR_DRIFT = 15;

/** Takes changes one after another. Returns for each the seconds from the start, or the kind of failure. */
async function take(
  count: number,
  budget: Budget,
  time: ReturnType<typeof virtualTime>,
  { region = HERE, isUrgent = false } = {},
) {
  const startedAt = time.now().getTime();
  const given: unknown[] = [];
  for (let index = 0; index < count; index += 1) {
    const taken = budget.paceIn(region, time).take(isUrgent);
    given.push(
      await taken.then(
        () => (time.now().getTime() - startedAt) / 1000,
        (error: unknown) => (error as ReturnType<typeof failure>).kind,
      ),
    );
  }
  return given;
}

describe('the budget of changes', () => {
  it('leaves a tenth of what EC2 allows at once to other callers, then keeps to its rate', async () => {
    const given = await take(AT_ONCE + 2, new Budget(), virtualTime(3600), { isUrgent: true });

    expect(given.slice(0, AT_ONCE)).toEqual(Array(AT_ONCE).fill(0));
    expect(given.slice(AT_ONCE)).toEqual([0.2, 0.4]);
  });

  it('keeps some of the changes for drift, which waits behind no launch', async () => {
    const [budget, time] = [new Budget(), virtualTime(3600)];

    const launches = await take(AT_ONCE - FOR_DRIFT + 1, budget, time);
    expect(launches.slice(-2)).toEqual([0, 0.2]);

    expect(await take(FOR_DRIFT, budget, time, { isUrgent: true })).toEqual(Array(FOR_DRIFT).fill(0));
    expect(await take(1, budget, time)).toEqual(['deadline']);
    expect(await take(1, budget, time, { isUrgent: true })).toEqual([0.2]);
  });

  it('reserves the times of drift that is handed back before those of launches', () => {
    const bucket = new Budget().in(HERE);
    const now = Date.now();
    for (let launches = 0; launches < 500; launches += 1) bucket.reserve(now);

    expect([1, 2].map(() => bucket.reserve(now, true))).toEqual([200, 400]);
    expect(bucket.reserve(now)).toBeGreaterThan(100_000);
  });

  it('outlives an invocation, and each region has its own', async () => {
    const budget = new Budget();
    const time = virtualTime(3600);
    await take(AT_ONCE, budget, time, { isUrgent: true });
    budget.paceIn(HERE, time).drain();

    expect(await take(1, budget, time)).toEqual(['deadline']);
    expect(await take(1, budget, time, { region: THERE })).toEqual([0]);
  });

  it('lets a change wait for a second at most', async () => {
    const budget = new Budget({ burst: 1, perSecond: 0.9 });

    expect(await take(3, budget, virtualTime(3600))).toEqual([0, 'deadline', 'deadline']);
  });
});
