import fc from 'fast-check';
import { close } from '../../lambda/app/remediate-paced.ts';
import { Pace } from '../../lambda/app/pace.ts';
import type { Time } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import type { Target } from '../../lambda/core/target.ts';
import { instanceId, NOW, policy, REGION, snapshot, target } from '../support/builders.ts';
import { failure, virtualTime, world } from '../support/ports.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const open = (count: number) => ids(count).map((id) => snapshot({ instanceId: id }));
const RECORDED = { HttpTokens: 'optional', HttpEndpoint: 'enabled' };
const targets = (count: number): Target[] =>
  ids(count).map((id) => target({ instanceId: id, trigger: 'command', recorded: RECORDED }));
const HOUR = 3600;

/** A time that is up once somebody says so: then whoever sleeps is woken by a failure. */
function interruptible(time = virtualTime(HOUR)): Time & { readonly stop: () => void } {
  let stopped = false;
  const check = () => {
    if (stopped) throw new FailureError('deadline', 'interrupted');
  };
  return {
    now: () => time.now(),
    random: () => time.random(),
    sleep: async (milliseconds) => {
      check();
      await time.sleep(milliseconds);
      check();
    },
    get deadline() {
      return stopped ? new Date(0) : time.deadline;
    },
    stop: () => void (stopped = true),
  };
}

/** Closes so many; says what became of each, when each was changed, and what was not begun. */
function closing(count: number, rate: number, prepare: (ports: ReturnType<typeof world>) => void = () => undefined) {
  const time = interruptible();
  const ports = world(open(count), time);
  prepare(ports);
  const changed: [id: string, seconds: number][] = [];
  const writer = {
    requireTokens: async (region: string, id: string) => {
      changed.push([id, (time.now().getTime() - NOW.getTime()) / 1000]);
      return ports.writer.requireTokens(region, id);
    },
  };
  const outcomes: Outcome[] = [];
  const pace = new Pace(time, 1, rate);
  const run = close(targets(count), policy(), pace, { ...ports, writer }, (outcome) => outcomes.push(outcome));
  return { run, time, ports, outcomes, changed };
}

it('keeps to the rate from the first one on, without a gap', async () => {
  const { run, changed, outcomes } = closing(100, 3);

  expect(await run).toEqual([]);
  changed.forEach(([, seconds], index) => expect(seconds).toBeCloseTo(index / 3, 2));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(100).fill('remediated'));
});

it('decides on what is read shortly before, a few instances at a time', async () => {
  const { run, ports } = closing(100, 3);
  await run;

  const describes = ports.calls.filter((call) => call.startsWith('describe'));
  expect(describes).toHaveLength(5);
  expect(describes[0]).toBe(`describe ${REGION} ${ids(20).join(' ')}`);
});

it('one that fails leaves the others closed', async () => {
  const { run, outcomes } = closing(45, 5, (ports) => {
    ports.fail(`modify ${REGION} ${instanceId(7)}`, failure('denied'));
  });

  expect(await run).toEqual([]);
  expect(outcomes.filter(({ status }) => status !== 'remediated').map(({ target: of }) => of.instanceId)).toEqual([
    instanceId(7),
  ]);
});

it('where a whole set fails, nothing more is begun', async () => {
  const { run, outcomes, changed } = closing(100, 5, (ports) => {
    ports.fail('modify', ...Array<Error>(100).fill(failure('denied')));
  });
  const rest = await run;

  expect(outcomes).toHaveLength(40);
  expect(changed).toHaveLength(40);
  expect(rest).toHaveLength(60);
});

it('a few at the end that all fail are no reason', async () => {
  const { run } = closing(19, 5, (ports) => {
    ports.fail('modify', ...Array<Error>(19).fill(failure('denied')));
  });

  expect(await run).toEqual([]);
});

it('interrupted at any moment, it loses none and changes none twice, and the same again does the rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 0, max: 60_000 }),
      async (count, rate, after) => {
        const { run, time, ports, outcomes, changed } = closing(count, rate);
        void ports.time.sleep(after).then(time.stop, time.stop);
        const rest = await run;

        const told = [...outcomes.map(({ target: of }) => of), ...rest].map(({ instanceId: id }) => id);
        expect([...told].sort()).toEqual(ids(count).sort());
        const done = outcomes.filter(({ status }) => status === 'remediated').map(({ target: of }) => of.instanceId);
        expect(changed.map(([id]) => id).sort()).toEqual([...done].sort());
        const others = outcomes.filter(({ status }) => status !== 'remediated');
        expect(others.every(({ reason }) => reason === 'deadline')).toBe(true);

        const again: Outcome[] = [];
        const open = ids(count).filter((id) => !done.includes(id));
        const later = { ...ports, time: virtualTime(HOUR) };
        const remaining = targets(count).filter(({ instanceId: id }) => open.includes(id));
        await close(remaining, policy(), new Pace(later.time, 1, 50), later, (outcome) => again.push(outcome));
        expect(again.map(({ target: of }) => of.instanceId).sort()).toEqual(open.sort());
        expect(again.every(({ status }) => status === 'remediated')).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
