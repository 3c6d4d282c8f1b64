import fc from 'fast-check';
import { parseSweep, type Run, type SweepStep, toSweepMessage } from '../../lambda/triggers/scan.ts';
import { INSTANCE, instanceId } from '../support/builders.ts';

const RUN: Run = { account: '111122223333', region: 'eu-west-1', startedAt: new Date('2026-11-22T12:00:00Z') };
/** Through the queue, as a message body. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const message = (detail: unknown) => ({
  source: 'imdsv2-enforcer',
  'detail-type': 'Sweep',
  account: '111122223333',
  region: 'eu-west-1',
  time: '2026-11-22T12:00:00Z',
  detail,
});

test('a chunk, whole', () => {
  expect(toSweepMessage({ ...RUN, step: 'chunk', index: 2, instanceIds: [INSTANCE] })).toEqual({
    source: 'imdsv2-enforcer',
    'detail-type': 'Sweep',
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-22T12:00:00.000Z',
    detail: { step: 'chunk', index: 2, instanceIds: [INSTANCE] },
  });
});

test('a chunk of a thousand is small enough for ten of them to go in one call', () => {
  const instanceIds = Array.from({ length: 1000 }, (_, index) => instanceId(index));
  const text = JSON.stringify(toSweepMessage({ ...RUN, step: 'chunk', index: 99, instanceIds }));
  expect(text.length * 10).toBeLessThan(256 * 1024);
});

const count = fc.nat({ max: 1_000_000 });
// Regular expressions make the same strings, slowly.
const digits = (unit: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...unit), minLength, maxLength });
const anyStep: fc.Arbitrary<SweepStep> = fc
  .record({
    account: digits('0123456789', 12, 12),
    region: fc.constantFrom('eu-west-1', 'us-gov-west-1', 'ap-southeast-5'),
    startedAt: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
  })
  .chain((run) =>
    fc.oneof(
      fc.constantFrom('start' as const, 'region' as const).map((step) => ({ ...run, step })),
      fc
        .record({
          index: count,
          instanceIds: fc.array(
            digits('0123456789abcdef', 8, 17).map((hex) => `i-${hex}`),
            { minLength: 1, maxLength: 20 },
          ),
        })
        .map((chunk) => ({ ...run, ...chunk, step: 'chunk' as const })),
      fc.record({ openBefore: count, asked: count }).map((close) => ({ ...run, ...close, step: 'close' as const })),
    ),
  );

test('what is put on the queue comes back as the same step', () => {
  fc.assert(fc.property(anyStep, (step) => expect(parseSweep(sent(toSweepMessage(step)))).toEqual(step)));
});

test('the schedule’s own event is the start of a run of its time', () => {
  const scheduled = { ...message({}), source: 'aws.events', 'detail-type': 'Scheduled Event' };
  expect(parseSweep(scheduled)).toEqual({ ...RUN, step: 'start' });
});

describe('what is no step says what is wrong with it', () => {
  test.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'account is not twelve digits'],
    ['text', 'Sweep', 'account is not twelve digits'],
    ['no region', { ...message({ step: 'region' }), region: 'all' }, 'region is not a region name'],
    ['no time', { ...message({ step: 'region' }), time: 'now' }, 'time is not a date'],
    ['another source', { ...message({ step: 'region' }), source: 'aws.ec2' }, 'not a step of a sweep'],
    ['another type', { ...message({ step: 'region' }), 'detail-type': 'Break watch' }, 'not a step of a sweep'],
    ['a step that we do not know', message({ step: 'dance' }), 'no step of a sweep that we know'],
    ['no step', message({}), 'no step of a sweep that we know'],
    ['no detail', message(undefined), 'no step of a sweep that we know'],
    ['a chunk of nothing', message({ step: 'chunk', instanceIds: [] }), 'a chunk holds what is no instance id'],
    ['a chunk without ids', message({ step: 'chunk' }), 'a chunk holds what is no instance id'],
    ['a bad id', message({ step: 'chunk', instanceIds: [INSTANCE, 'i-../x'] }), 'a chunk holds what is no instance id'],
    [
      'no text for an id',
      message({ step: 'chunk', instanceIds: [7, INSTANCE] }),
      'a chunk holds what is no instance id',
    ],
  ])('%s', (_, body, problem) => {
    expect(parseSweep(body)).toBe(problem);
  });
});

test.each([undefined, null, '7', -1, 1.5, Number.MAX_VALUE, {}])(
  '%p for a number is none, and decides nothing',
  (bad) => {
    expect(parseSweep(message({ step: 'close', openBefore: bad, asked: bad }))).toEqual({
      ...RUN,
      step: 'close',
      openBefore: 0,
      asked: 0,
    });
    expect(parseSweep(message({ step: 'chunk', index: bad, instanceIds: [INSTANCE] }))).toMatchObject({ index: 0 });
  },
);
