import { Budget, BUDGET } from '../../lambda/app/budget.ts';
import { after, virtualTime } from '../support/ports.ts';
import { NOW } from '../support/builders.ts';

const [HERE, THERE] = ['eu-west-1', 'us-east-1'];

/** Seconds at which each of `count` tokens was given, or the kind of failure. */
async function take(count: number, budget: Budget, time: ReturnType<typeof virtualTime>, region = HERE) {
  const given: unknown[] = [];
  for (let index = 0; index < count; index += 1) {
    const taken = await budget
      .paceIn(region, time)
      .take()
      .then(
        () => (time.now().getTime() - NOW.getTime()) / 1000,
        (error: unknown) => (error as { kind?: string }).kind,
      );
    given.push(taken);
  }
  return given;
}

describe('the budget of changes', () => {
  it('leaves a tenth of what EC2 allows at once to other callers, then keeps to its rate', async () => {
    const given = await take(BUDGET.burst + 2, new Budget(), virtualTime(3600));

    expect(given.slice(0, BUDGET.burst)).toEqual(Array(BUDGET.burst).fill(0));
    expect(given.slice(BUDGET.burst)).toEqual([0.2, 0.4]);
  });

  it('outlives an invocation, and each region has its own', async () => {
    const budget = new Budget({ ...BUDGET, longestWaitMs: 0 });
    await take(BUDGET.burst, budget, virtualTime(5));

    expect(await take(1, budget, virtualTime(5))).toEqual(['deadline']);
    expect(await take(1, budget, virtualTime(5), THERE)).toEqual([0]);
  });

  it('throttled calls in progress at the same time halve the rate once, and it grows back', async () => {
    const budget = new Budget({ ...BUDGET, longestWaitMs: Infinity });
    const time = virtualTime(3600);
    await take(1, budget, time);
    for (let calls = 0; calls < 10; calls += 1) budget.paceIn(HERE, time).drain();

    // A second of the full rate is left to other callers: 5 tokens and one more, at 2.5 a second.
    const [first] = await take(1, budget, time);
    expect(first).toBeCloseTo(2.4);
    await time.sleep(60_000);
    await take(BUDGET.burst, budget, time);
    const [one, other] = await take(2, budget, time);
    expect(Number(other) - Number(one)).toBeCloseTo(0.2);
  });

  it('reserves times one after another, and a region counts as behind until 30 s after the last', () => {
    const budget = new Budget();

    expect([1, 2, 3].map(() => budget.reserve(HERE, NOW))).toEqual([200, 400, 600]);
    expect(budget.backlog(HERE, after(0.5))).toBe(30_100);
    expect(budget.backlog(HERE, after(31))).toBe(0);
    expect(budget.backlog(THERE, NOW)).toBe(0);
  });

  it('a region counts as behind for 30 s after a late change', () => {
    const budget = new Budget();
    budget.noteLate(HERE, NOW);

    expect(budget.paceIn(HERE, virtualTime(5)).isBehind?.()).toBe(true);
    expect(budget.backlog(HERE, after(30))).toBe(0);
  });
});
