import fc from 'fast-check';
import { parseWatch, toWatchMessage, type Watch } from '../../lambda/triggers/post-change-check.ts';
import { INSTANCE } from '../support/builders.ts';
import { runningEvent } from '../support/events.ts';

const WATCH: Watch = {
  account: '111122223333',
  region: 'eu-west-1',
  instanceId: INSTANCE,
  closedAt: new Date('2026-11-22T12:00:00Z'),
  asked: 2,
};
/** Through the queue, as a message body. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('a watch, whole', () => {
  expect(toWatchMessage(WATCH)).toEqual({
    source: 'imdsv2-enforcer',
    'detail-type': 'Break watch',
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-22T12:00:00.000Z',
    detail: { instanceId: INSTANCE, asked: 2 },
  });
});

test('what is put on the queue comes back as the same watch', () => {
  const anyWatch: fc.Arbitrary<Watch> = fc.record({
    account: fc.stringMatching(/^\d{12}$/),
    region: fc.constantFrom('eu-west-1', 'us-gov-west-1', 'ap-southeast-5'),
    instanceId: fc.stringMatching(/^i-[0-9a-f]{8,32}$/),
    closedAt: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
    asked: fc.nat(),
  });
  fc.assert(fc.property(anyWatch, (watch) => expect(parseWatch(sent(toWatchMessage(watch)))).toEqual(watch)));
});

test('the first look comes back too', () => {
  const first = { ...WATCH, asked: 0 };
  expect(parseWatch(sent(toWatchMessage(first)))).toEqual(first);
});

const good = toWatchMessage(WATCH);
test.each<readonly [string, unknown]>([
  ['nothing', undefined],
  ['text', 'Break watch'],
  ['an event', runningEvent()],
  ['another source', { ...good, source: 'aws.ec2' }],
  ['another type', { ...good, 'detail-type': 'Unsent alert' }],
  ['no account', { ...good, account: undefined }],
  ['no time', { ...good, time: undefined }],
  ['no detail', { ...good, detail: undefined }],
  ['a bad id', { ...good, detail: { instanceId: 'i-../../x', asked: 0 } }],
  ['no number of looks', { ...good, detail: { instanceId: INSTANCE } }],
  ['text for it', { ...good, detail: { instanceId: INSTANCE, asked: '0' } }],
  ['less than none, which would be looked after for ever', { ...good, detail: { instanceId: INSTANCE, asked: -1000 } }],
  ['half a look', { ...good, detail: { instanceId: INSTANCE, asked: 0.5 } }],
])('%s is no watch', (_, body) => {
  expect(parseWatch(body === undefined ? undefined : sent(body))).toBeUndefined();
});
