import { UsageSurvey } from '../../cli/audit/measure.ts';
import type { UsageReader } from '../../lambda/app/ports/index.ts';
import { FailureError } from '../../lambda/core/failure.ts';
import { USAGE_RULES } from '../../lambda/core/usage.ts';
import { existing, instanceId } from '../support/builders.ts';
import { recordingIo } from '../support/io.ts';

const NOT_READ = { kind: 'unknown', why: 'not-read' };
const open = [existing({ instanceId: instanceId(1) }), existing({ instanceId: instanceId(2) })];

function surveyOf(page: UsageReader['page'], recorded = recordingIo()): UsageSurvey {
  return new UsageSurvey(USAGE_RULES, { page }, recorded.io);
}

test('nothing open → nobody is asked', async () => {
  const page = jest.fn<ReturnType<UsageReader['page']>, Parameters<UsageReader['page']>>();
  expect(await surveyOf(page).of('eu-west-1', [])).toEqual(new Map());
  expect(page).not.toHaveBeenCalled();
});

test('no data is unknown, never unused', async () => {
  const survey = surveyOf(({ instanceIds }) =>
    Promise.resolve({ measurements: new Map(instanceIds.map((id) => [id, { points: [], complete: true }])) }),
  );
  const uses = await survey.of('eu-west-1', open);
  expect([...uses.values()]).toEqual(open.map(() => ({ kind: 'unknown', why: 'no-data' })));
  expect([survey.metricsAsked, survey.failures.size]).toEqual([2, 0]);
});

test('a region that does not tell is unknown, named, not asked again, and costs nothing; the others are measured', async () => {
  const asked: string[] = [];
  const survey = surveyOf(({ region, instanceIds }) => {
    asked.push(region);
    if (region === 'us-east-1') return Promise.reject(new FailureError('denied', 'AccessDenied: no'));
    return Promise.resolve({
      measurements: new Map(
        instanceIds.map((id) => [id, { points: [{ at: new Date('2026-11-22T08:00:00Z'), count: 1 }], complete: true }]),
      ),
    });
  });
  for (const region of ['us-east-1', 'us-east-1', 'eu-west-1']) {
    const uses = await survey.of(region, open);
    expect([...uses.keys()]).toEqual(open.map((each) => each.instanceId));
    if (region === 'us-east-1') expect([...uses.values()]).toEqual([NOT_READ, NOT_READ]);
    else expect([...uses.values()]).toMatchObject([{ kind: 'in-use' }, { kind: 'in-use' }]);
  }
  expect(asked).toEqual(['us-east-1', 'eu-west-1']);
  expect([...survey.failures.keys()]).toEqual(['us-east-1']);
  expect(survey.metricsAsked).toBe(2);
});

test('what CloudWatch throttles is asked again, not given up', async () => {
  let calls = 0;
  const survey = surveyOf(({ instanceIds }) => {
    calls += 1;
    if (calls < 3) return Promise.reject(new FailureError('throttled', 'Throttling: slow down'));
    return Promise.resolve({ measurements: new Map(instanceIds.map((id) => [id, { points: [], complete: true }])) });
  });
  await survey.of('eu-west-1', open);
  expect([calls, survey.failures.size]).toEqual([3, 0]);
});

test('once it is interrupted, nothing more is reported', async () => {
  const interrupt = new AbortController();
  const survey = surveyOf(
    () => {
      interrupt.abort();
      return Promise.reject(new FailureError('unavailable', 'no'));
    },
    recordingIo({ interrupted: interrupt.signal }),
  );
  await expect(survey.of('eu-west-1', open)).rejects.toThrow(/abort/i);
});
