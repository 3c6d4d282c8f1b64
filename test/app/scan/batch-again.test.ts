import fc from 'fast-check';
import type { ScanPorts } from '../../../lambda/app/scan/rules.ts';
import type { Snapshot } from '../../../lambda/core/instance.ts';
import { instanceId } from '../../support/builders.ts';
import { virtualTime } from '../../support/ports.ts';
import { old, rules, RUN, type ScanWorld, scanWorld, take } from '../../support/scan.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const fleet = (count: number): Snapshot[] => ids(count).map((id) => old(id));
const batch = (instanceIds: readonly string[]) => ({ ...RUN, step: 'batch', index: 0, instanceIds }) as const;

/** Who was changed, in order, as often as it was. */
const changed = ({ calls }: ScanWorld): string[] =>
  calls.filter((call) => call.startsWith('modify')).map((call) => call.split(' ')[2] ?? '');

describe('taken more than once', () => {
  it('the same batch again changes nothing again', async () => {
    const ports = scanWorld(fleet(10));

    await take(batch(ids(10)), rules(), ports);
    await take(batch(ids(10)), rules(), ports);

    expect(changed(ports)).toEqual(ids(10));
    expect(ports.checks).toHaveLength(10);
  });

  /** Takes a batch in a function that dies with one of its changes: before it reaches EC2, or before the answer comes. */
  async function takeAndDie(ports: ScanWorld, count: number, survived: number, reached: boolean): Promise<void> {
    let begun = 0;
    let die = (): void => undefined;
    const dead = new Promise<void>((resolve) => (die = resolve));
    const writer: ScanPorts['writer'] = {
      requireTokens: async (region, id) => {
        begun += 1;
        if (begun <= survived) return ports.writer.requireTokens(region, id);
        if (begun === survived + 1 && reached) await ports.writer.requireTokens(region, id);
        die();
        return new Promise(() => undefined);
      },
    };
    const run = take(batch(ids(count)), rules(), { ...ports, writer, time: virtualTime(885) });
    await Promise.race([run, dead]);
  }

  it('after it was killed at any moment: nothing is lost, nothing is changed twice, and what it closed is told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }).chain((count) => fc.tuple(fc.constant(count), fc.nat({ max: count - 1 }))),
        fc.boolean(),
        async ([count, survived], reached) => {
          const ports = scanWorld(fleet(count));

          await takeAndDie(ports, count, survived, reached);
          const before = changed(ports);
          expect(before).toHaveLength(survived + Number(reached));
          expect([ports.published, ports.checks]).toEqual([[], []]);

          await take(batch(ids(count)), rules(), ports);

          expect(changed(ports).sort()).toEqual(ids(count).sort());
          const told = ports.outcomes.map(({ target, status }) => [target.instanceId, status]).sort();
          expect(told).toEqual(
            ids(count)
              .map((id) => [id, before.includes(id) ? 'already-remediated' : 'remediated'])
              .sort(),
          );
          const counts = ports.published.map(({ json }) => json.counts);
          expect(counts).toEqual([
            {
              ...(before.length > 0 && { closed: before.length }),
              ...(before.length < count && { remediated: count - before.length }),
            },
          ]);
          expect(ports.checks.map((check) => check.instanceId).sort()).toEqual(
            ids(count)
              .filter((id) => !before.includes(id))
              .sort(),
          );
        },
      ),
      { numRuns: 50 },
    );
  });
});
