import fc from 'fast-check';
import { remediatePaced } from '../../lambda/app/remediate-paced.ts';
import { Bucket, Pace } from '../../lambda/app/pace.ts';
import type { Time } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import type { Outcome } from '../../lambda/core/outcome.ts';
import type { Target } from '../../lambda/core/target.ts';
import { instanceId, NOW, policy, REGION, snapshot, target } from '../support/builders.ts';
import { failure, virtualTime, world } from '../support/ports.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const instances = (count: number) => ids(count).map((id) => snapshot({ instanceId: id }));
const RECORDED = { HttpTokens: 'optional', HttpEndpoint: 'enabled' };
const targets = (count: number): Target[] =>
  ids(count).map((id) => target({ instanceId: id, trigger: 'launch', recorded: RECORDED }));
const HOUR = 3600;

/** A clock that can be stopped: every sleep then ends with a `deadline` failure. */
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

/** Remediates instances. Returns the outcomes, the times of the changes and the targets that were not begun. */
function remediating(
  count: number,
  rate: number,
  prepare: (ports: ReturnType<typeof world>) => void = () => undefined,
) {
  const time = interruptible();
  const ports = world(instances(count), time);
  prepare(ports);
  const changed: [id: string, seconds: number][] = [];
  const writer = {
    requireTokens: async (region: string, id: string) => {
      changed.push([id, (time.now().getTime() - NOW.getTime()) / 1000]);
      return ports.writer.requireTokens(region, id);
    },
  };
  const outcomes: Outcome[] = [];
  const pace = new Pace(time, new Bucket({ burst: 1, perSecond: rate }));
  const run = remediatePaced(targets(count), policy(), pace, { ...ports, writer }, (outcome) => outcomes.push(outcome));
  return { run, time, ports, outcomes, changed };
}

it('keeps the rate from the first change on, without gaps', async () => {
  const { run, changed, outcomes } = remediating(100, 3);

  expect(await run).toEqual([]);
  changed.forEach(([, seconds], index) => expect(seconds).toBeCloseTo(index / 3, 2));
  expect(outcomes.map(({ status }) => status)).toEqual(Array(100).fill('remediated'));
});

it('describes a few instances at a time, shortly before their changes', async () => {
  const { run, ports } = remediating(100, 3);
  await run;

  const describes = ports.calls.filter((call) => call.startsWith('describe'));
  expect(describes).toHaveLength(5);
  expect(describes[0]).toBe(`describe ${REGION} ${ids(20).join(' ')}`);
});

it('remediates the others if one fails', async () => {
  const { run, outcomes } = remediating(45, 5, (ports) => {
    ports.fail(`modify ${REGION} ${instanceId(7)}`, failure('denied'));
  });

  expect(await run).toEqual([]);
  expect(outcomes.filter(({ status }) => status !== 'remediated').map(({ target: of }) => of.instanceId)).toEqual([
    instanceId(7),
  ]);
});

it('begins no further batch after one in which every instance fails', async () => {
  const { run, outcomes, changed } = remediating(100, 5, (ports) => {
    ports.fail('modify', ...Array<Error>(100).fill(failure('denied')));
  });
  const notBegun = await run;

  expect(outcomes).toHaveLength(40);
  expect(changed).toHaveLength(40);
  expect(notBegun).toHaveLength(60);
});

it('does not stop because of a partial batch in which every instance fails', async () => {
  const { run } = remediating(19, 5, (ports) => {
    ports.fail('modify', ...Array<Error>(19).fill(failure('denied')));
  });

  expect(await run).toEqual([]);
});

it('loses no instance and changes none twice if it is interrupted at any moment', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 0, max: 60_000 }),
      async (count, rate, after) => {
        const { run, time, ports, outcomes, changed } = remediating(count, rate);
        void ports.time.sleep(after).then(time.stop, time.stop);
        const notBegun = await run;

        const all = [...outcomes.map(({ target: of }) => of), ...notBegun].map(({ instanceId: id }) => id);
        expect([...all].sort()).toEqual(ids(count).sort());
        const done = outcomes.filter(({ status }) => status === 'remediated').map(({ target: of }) => of.instanceId);
        expect(changed.map(([id]) => id).sort()).toEqual([...done].sort());
        const others = outcomes.filter(({ status }) => status !== 'remediated');
        expect(others.every(({ reason }) => reason === 'deadline')).toBe(true);

        const second: Outcome[] = [];
        const nonCompliant = ids(count).filter((id) => !done.includes(id));
        const later = { ...ports, time: virtualTime(HOUR) };
        const remaining = targets(count).filter(({ instanceId: id }) => nonCompliant.includes(id));
        await remediatePaced(
          remaining,
          policy(),
          new Pace(later.time, new Bucket({ burst: 1, perSecond: 50 })),
          later,
          (outcome) => second.push(outcome),
        );
        expect(second.map(({ target: of }) => of.instanceId).sort()).toEqual(nonCompliant.sort());
        expect(second.every(({ status }) => status === 'remediated')).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
