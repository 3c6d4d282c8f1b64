import fc from 'fast-check';
import { parseScan, REQUESTED_IDS, type Run, type ScanStep, toScanMessage } from '../../lambda/triggers/scan.ts';
import { INSTANCE, instanceId } from '../support/builders.ts';

const RUN: Run = { account: '111122223333', region: 'eu-west-1', startedAt: new Date('2026-11-22T12:00:00Z') };
/** As a message body of the queue. */
const asMessage = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const message = (detail: unknown) => ({
  source: 'imdsv2-enforcer',
  'detail-type': 'Scan',
  account: '111122223333',
  region: 'eu-west-1',
  time: '2026-11-22T12:00:00Z',
  detail,
});

test('toScanMessage() writes a complete batch', () => {
  expect(toScanMessage({ ...RUN, step: 'batch', index: 2, instanceIds: [INSTANCE] })).toEqual({
    source: 'imdsv2-enforcer',
    'detail-type': 'Scan',
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-22T12:00:00.000Z',
    detail: { step: 'batch', index: 2, instanceIds: [INSTANCE] },
  });
});

test('ten batches of a thousand instances fit into one SQS call', () => {
  const instanceIds = Array.from({ length: 1000 }, (_, index) => instanceId(index));
  const text = JSON.stringify(toScanMessage({ ...RUN, step: 'batch', index: 99, instanceIds }));
  expect(text.length * 10).toBeLessThan(256 * 1024);
});

const count = fc.nat({ max: 1_000_000 });
// `stringMatching` generates the same strings more slowly.
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
        .array(
          digits('0123456789abcdef', 8, 17).map((hex) => `i-${hex}`),
          { maxLength: 20 },
        )
        .map((requestedIds) => ({ ...run, step: 'summary' as const, requestedIds })),
    ),
  );

test('parseScan() reads the step that toScanMessage() wrote', () => {
  fc.assert(fc.property(anyStep, (step) => expect(parseScan(asMessage(toScanMessage(step)))).toEqual(step)));
});

test('parseScan() reads the event of the schedule as the start of a scan', () => {
  const scheduled = { ...message({}), source: 'aws.events', 'detail-type': 'Scheduled Event' };
  expect(parseScan(scheduled)).toEqual({ ...RUN, step: 'start' });
});

describe('parseScan() says what is wrong with', () => {
  test.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'account is not twelve digits'],
    ['a text', 'Scan', 'account is not twelve digits'],
    ['no region', { ...message({ step: 'region' }), region: 'all' }, 'region is not a region name'],
    ['no time', { ...message({ step: 'region' }), time: 'now' }, 'time is not a date'],
    ['another source', { ...message({ step: 'region' }), source: 'aws.ec2' }, 'not a step of a scan'],
    ['another type', { ...message({ step: 'region' }), 'detail-type': 'Post-change check' }, 'not a step of a scan'],
    ['an unknown step', message({ step: 'unknown' }), 'not a known step of a scan'],
    ['no step', message({}), 'not a known step of a scan'],
    ['no detail', message(undefined), 'not a known step of a scan'],
    [
      'an empty batch',
      message({ step: 'batch', instanceIds: [] }),
      'a batch contains something that is not an instance id',
    ],
    ['a batch without ids', message({ step: 'batch' }), 'a batch contains something that is not an instance id'],
    [
      'a bad id',
      message({ step: 'batch', instanceIds: [INSTANCE, 'i-../x'] }),
      'a batch contains something that is not an instance id',
    ],
    [
      'an id that is not a text',
      message({ step: 'batch', instanceIds: [7, INSTANCE] }),
      'a batch contains something that is not an instance id',
    ],
  ])('%s', (_, body, problem) => {
    expect(parseScan(body)).toBe(problem);
  });
});

test.each([undefined, null, 'i-1', 7, {}, [7, 'i-../x']])('parseScan() reads no ids in %j', (requestedIds) => {
  expect(parseScan(message({ step: 'summary', requestedIds }))).toEqual({ ...RUN, step: 'summary', requestedIds: [] });
});

test('a summary of as many ids as it may have fits into a message', () => {
  const requestedIds = Array.from({ length: REQUESTED_IDS }, (_, index) => instanceId(index));
  expect(JSON.stringify(toScanMessage({ ...RUN, step: 'summary', requestedIds })).length).toBeLessThan(256 * 1024);
});

test.each([undefined, null, '7', -1, 1.5, Number.MAX_VALUE, {}])('parseScan() reads 0 for the number %p', (value) => {
  expect(parseScan(message({ step: 'batch', index: value, instanceIds: [INSTANCE] }))).toMatchObject({ index: 0 });
});
