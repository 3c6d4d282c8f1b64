import fc from 'fast-check';
import { parseCheck, toCheckMessage, type PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { INSTANCE } from '../support/builders.ts';
import { runningEvent } from '../support/events.ts';

const WATCH: PostChangeCheck = {
  account: '111122223333',
  region: 'eu-west-1',
  instanceId: INSTANCE,
  remediatedAt: new Date('2026-11-22T12:00:00Z'),
  checksDone: 2,
};
/** Through the queue, as a message body. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('a check, whole', () => {
  expect(toCheckMessage(WATCH)).toEqual({
    source: 'imdsv2-enforcer',
    'detail-type': 'Post-change check',
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-22T12:00:00.000Z',
    detail: { instanceId: INSTANCE, checksDone: 2 },
  });
});

test('what is put on the queue comes back as the same check', () => {
  const anyCheck: fc.Arbitrary<PostChangeCheck> = fc.record({
    account: fc.stringMatching(/^\d{12}$/),
    region: fc.constantFrom('eu-west-1', 'us-gov-west-1', 'ap-southeast-5'),
    instanceId: fc.stringMatching(/^i-[0-9a-f]{8,32}$/),
    remediatedAt: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
    checksDone: fc.nat(),
  });
  fc.assert(fc.property(anyCheck, (check) => expect(parseCheck(sent(toCheckMessage(check)))).toEqual(check)));
});

test('the first look comes back too', () => {
  const first = { ...WATCH, checksDone: 0 };
  expect(parseCheck(sent(toCheckMessage(first)))).toEqual(first);
});

const good = toCheckMessage(WATCH);
test.each<readonly [string, unknown]>([
  ['nothing', undefined],
  ['text', 'Post-change check'],
  ['an event', runningEvent()],
  ['another source', { ...good, source: 'aws.ec2' }],
  ['another type', { ...good, 'detail-type': 'Undelivered alert' }],
  ['no account', { ...good, account: undefined }],
  ['no time', { ...good, time: undefined }],
  ['no detail', { ...good, detail: undefined }],
  ['a bad id', { ...good, detail: { instanceId: 'i-../../x', checksDone: 0 } }],
  ['no number of looks', { ...good, detail: { instanceId: INSTANCE } }],
  ['text for it', { ...good, detail: { instanceId: INSTANCE, checksDone: '0' } }],
  [
    'less than none, which would be looked after for ever',
    { ...good, detail: { instanceId: INSTANCE, checksDone: -1000 } },
  ],
  ['half a look', { ...good, detail: { instanceId: INSTANCE, checksDone: 0.5 } }],
])('%s is no check', (_, body) => {
  expect(parseCheck(body === undefined ? undefined : sent(body))).toBeUndefined();
});
