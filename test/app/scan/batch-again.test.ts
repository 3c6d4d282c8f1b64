import fc from 'fast-check';
import type { ScanPorts } from '../../../lambda/app/scan/rules.ts';
import type { Snapshot } from '../../../lambda/core/instance.ts';
import { instanceId } from '../../support/builders.ts';
import { virtualTime } from '../../support/ports.ts';
import { old, rules, RUN, type ScanWorld, scanWorld, runStep } from '../../support/scan.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => instanceId(index + 1));
const fleet = (count: number): Snapshot[] => ids(count).map((id) => old(id));
const batch = (instanceIds: readonly string[]) => ({ ...RUN, step: 'batch', index: 0, instanceIds }) as const;

/** Ids of the changed instances, in order, with repetitions. */
const changed = ({ calls }: ScanWorld): string[] =>
  calls.filter((call) => call.startsWith('modify')).map((call) => call.split(' ')[2] ?? '');

describe('a batch that is run more than once', () => {
  it('changes each instance once', async () => {
    const ports = scanWorld(fleet(10));

    await runStep(batch(ids(10)), rules(), ports);
    await runStep(batch(ids(10)), rules(), ports);

    expect(changed(ports)).toEqual(ids(10));
    expect(ports.checks).toHaveLength(10);
  });

  /** Runs a batch in a function that crashes during a change: before the call reaches EC2, or before the response arrives. */
  async function runAndCrash(ports: ScanWorld, count: number, changes: number, reached: boolean): Promise<void> {
    let begun = 0;
    let crash = (): void => undefined;
    const crashed = new Promise<void>((resolve) => (crash = resolve));
    const writer: ScanPorts['writer'] = {
      requireTokens: async (region, id) => {
        begun += 1;
        if (begun <= changes) return ports.writer.requireTokens(region, id);
        if (begun === changes + 1 && reached) await ports.writer.requireTokens(region, id);
        crash();
        return new Promise(() => undefined);
      },
    };
    const run = runStep(batch(ids(count)), rules(), { ...ports, writer, time: virtualTime(885) });
    await Promise.race([run, crashed]);
  }

  it('loses no instance, changes none twice and notifies all after a crash at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }).chain((count) => fc.tuple(fc.constant(count), fc.nat({ max: count - 1 }))),
        fc.boolean(),
        async ([count, changes], reached) => {
          const ports = scanWorld(fleet(count));

          await runAndCrash(ports, count, changes, reached);
          const before = changed(ports);
          expect(before).toHaveLength(changes + Number(reached));
          expect([ports.published, ports.checks]).toEqual([[], []]);

          await runStep(batch(ids(count)), rules(), ports);

          expect(changed(ports).sort()).toEqual(ids(count).sort());
          const results = ports.outcomes.map(({ target, status }) => [target.instanceId, status]).sort();
          expect(results).toEqual(
            ids(count)
              .map((id) => [id, before.includes(id) ? 'already-remediated' : 'remediated'])
              .sort(),
          );
          const counts = ports.published.map(({ json }) => json.counts);
          expect(counts).toEqual([
            {
              ...(before.length > 0 && { 'already-remediated': before.length }),
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
