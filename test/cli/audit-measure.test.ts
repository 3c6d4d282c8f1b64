import { UsageMeter } from '../../cli/audit/measure.ts';
import type { UsageReader } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { USAGE_RULES } from '../../lambda/core/usage.ts';
import { existing, instanceId } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';

const NOT_READ = { kind: 'unknown', why: 'not-read' };
const nonCompliant = [existing({ instanceId: instanceId(1) }), existing({ instanceId: instanceId(2) })];

function meterOf(page: UsageReader['page'], recorded = recordingIo()): UsageMeter {
  return new UsageMeter(USAGE_RULES, { page }, recorded.io);
}

test('makes no call without instances', async () => {
  const page = jest.fn<ReturnType<UsageReader['page']>, Parameters<UsageReader['page']>>();
  expect(await meterOf(page).of('eu-west-1', [])).toEqual(new Map());
  expect(page).not.toHaveBeenCalled();
});

test('reports an instance without data as unknown, never as unused', async () => {
  const meter = meterOf(({ names }) =>
    Promise.resolve({ measurements: new Map(names.map((id) => [id, { points: [], complete: true }])) }),
  );
  const usages = await meter.of('eu-west-1', nonCompliant);
  expect([...usages.values()]).toEqual(nonCompliant.map(() => ({ kind: 'unknown', why: 'no-data' })));
  expect([meter.metricsRequested, meter.errors.size]).toEqual([2, 0]);
});

test('makes no more calls in a region after an error, reports its usage as unknown and measures the other regions', async () => {
  const asked: string[] = [];
  const meter = meterOf(({ region, names }) => {
    asked.push(region);
    if (region === 'us-east-1') return Promise.reject(new FailureError('denied', 'AccessDenied: no'));
    return Promise.resolve({
      measurements: new Map(
        names.map((id) => [id, { points: [{ at: new Date('2026-11-22T08:00:00Z'), count: 1 }], complete: true }]),
      ),
    });
  });
  for (const region of ['us-east-1', 'us-east-1', 'eu-west-1']) {
    const usages = await meter.of(region, nonCompliant);
    expect([...usages.keys()]).toEqual(nonCompliant.map((each) => each.instanceId));
    if (region === 'us-east-1') expect([...usages.values()]).toEqual([NOT_READ, NOT_READ]);
    else expect([...usages.values()]).toMatchObject([{ kind: 'in-use' }, { kind: 'in-use' }]);
  }
  expect(asked).toEqual(['us-east-1', 'eu-west-1']);
  expect([...meter.errors.keys()]).toEqual(['us-east-1']);
  expect(meter.metricsRequested).toBe(2);
});

test('retries throttled calls', async () => {
  let calls = 0;
  const meter = meterOf(({ names }) => {
    calls += 1;
    if (calls < 3) return Promise.reject(new FailureError('throttled', 'Throttling: slow down'));
    return Promise.resolve({ measurements: new Map(names.map((id) => [id, { points: [], complete: true }])) });
  });
  await meter.of('eu-west-1', nonCompliant);
  expect([calls, meter.errors.size]).toEqual([3, 0]);
});

test('rejects after an interrupt', async () => {
  const interrupt = new AbortController();
  const meter = meterOf(
    () => {
      interrupt.abort();
      return Promise.reject(new FailureError('unavailable', 'no'));
    },
    recordingIo({ interrupted: interrupt.signal }),
  );
  await expect(meter.of('eu-west-1', nonCompliant)).rejects.toThrow(/abort/i);
});
