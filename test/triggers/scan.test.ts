import fc from 'fast-check';
import { parseScan, type Run, type ScanStep, toScanMessage } from '../../lambda/triggers/scan.ts';
import { INSTANCE, instanceId } from '../support/builders.ts';

const RUN: Run = { account: '111122223333', region: 'eu-west-1', startedAt: new Date('2026-11-22T12:00:00Z') };
/** Through the queue, as a message body. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const message = (detail: unknown) => ({
  source: 'imdsv2-enforcer',
  'detail-type': 'Scan',
  account: '111122223333',
  region: 'eu-west-1',
  time: '2026-11-22T12:00:00Z',
  detail,
});

test('a batch, whole', () => {
  expect(toScanMessage({ ...RUN, step: 'batch', index: 2, instanceIds: [INSTANCE] })).toEqual({
    source: 'imdsv2-enforcer',
    'detail-type': 'Scan',
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-22T12:00:00.000Z',
    detail: { step: 'batch', index: 2, instanceIds: [INSTANCE] },
  });
});

test('a batch of a thousand is small enough for ten of them to go in one call', () => {
  const instanceIds = Array.from({ length: 1000 }, (_, index) => instanceId(index));
  const text = JSON.stringify(toScanMessage({ ...RUN, step: 'batch', index: 99, instanceIds }));
  expect(text.length * 10).toBeLessThan(256 * 1024);
});

const count = fc.nat({ max: 1_000_000 });
// Regular expressions make the same strings, slowly.
const digits = (unit: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...unit), minLength, maxLength });
const anyStep: fc.Arbitrary<ScanStep> = fc
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
        .map((batch) => ({ ...run, ...batch, step: 'batch' as const })),
      fc
        .record({ nonCompliantBefore: count, requested: count })
        .map((close) => ({ ...run, ...close, step: 'summary' as const })),
    ),
  );

test('what is put on the queue comes back as the same step', () => {
  fc.assert(fc.property(anyStep, (step) => expect(parseScan(sent(toScanMessage(step)))).toEqual(step)));
});

test('the schedule’s own event is the start of a run of its time', () => {
  const scheduled = { ...message({}), source: 'aws.events', 'detail-type': 'Scheduled Event' };
  expect(parseScan(scheduled)).toEqual({ ...RUN, step: 'start' });
});

describe('what is no step says what is wrong with it', () => {
  test.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'account is not twelve digits'],
    ['text', 'Scan', 'account is not twelve digits'],
    ['no region', { ...message({ step: 'region' }), region: 'all' }, 'region is not a region name'],
    ['no time', { ...message({ step: 'region' }), time: 'now' }, 'time is not a date'],
    ['another source', { ...message({ step: 'region' }), source: 'aws.ec2' }, 'not a step of a scan'],
    ['another type', { ...message({ step: 'region' }), 'detail-type': 'Post-change check' }, 'not a step of a scan'],
    ['a step that we do not know', message({ step: 'dance' }), 'no step of a scan that we know'],
    ['no step', message({}), 'no step of a scan that we know'],
    ['no detail', message(undefined), 'no step of a scan that we know'],
    ['a batch of nothing', message({ step: 'batch', instanceIds: [] }), 'a batch holds what is no instance id'],
    ['a batch without ids', message({ step: 'batch' }), 'a batch holds what is no instance id'],
    ['a bad id', message({ step: 'batch', instanceIds: [INSTANCE, 'i-../x'] }), 'a batch holds what is no instance id'],
    [
      'no text for an id',
      message({ step: 'batch', instanceIds: [7, INSTANCE] }),
      'a batch holds what is no instance id',
    ],
  ])('%s', (_, body, problem) => {
    expect(parseScan(body)).toBe(problem);
  });
});

test.each([undefined, null, '7', -1, 1.5, Number.MAX_VALUE, {}])(
  '%p for a number is none, and decides nothing',
  (bad) => {
    expect(parseScan(message({ step: 'summary', nonCompliantBefore: bad, requested: bad }))).toEqual({
      ...RUN,
      step: 'summary',
      nonCompliantBefore: 0,
      requested: 0,
    });
    expect(parseScan(message({ step: 'batch', index: bad, instanceIds: [INSTANCE] }))).toMatchObject({ index: 0 });
  },
);
