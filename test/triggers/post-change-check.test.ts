import fc from 'fast-check';
import { parseCheck, toCheckMessage, type PostChangeCheck } from '../../lambda/triggers/post-change-check.ts';
import { INSTANCE } from '../support/builders.ts';
import { runningEvent } from '../support/events.ts';

const CHECK: PostChangeCheck = {
  account: '111122223333',
  region: 'eu-west-1',
  instanceId: INSTANCE,
  remediatedAt: new Date('2026-11-22T12:00:00Z'),
  checksDone: 2,
};
/** As a message body of the queue. */
const asMessage = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('toCheckMessage() writes a complete check', () => {
  expect(toCheckMessage(CHECK)).toEqual({
    source: 'imdsv2-enforcer',
    'detail-type': 'Post-change check',
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-22T12:00:00.000Z',
    detail: { instanceId: INSTANCE, checksDone: 2 },
  });
});

test('parseCheck() reads the check that toCheckMessage() wrote', () => {
  const anyCheck: fc.Arbitrary<PostChangeCheck> = fc.record({
    account: fc.stringMatching(/^\d{12}$/),
    region: fc.constantFrom('eu-west-1', 'us-gov-west-1', 'ap-southeast-5'),
    instanceId: fc.stringMatching(/^i-[0-9a-f]{8,32}$/),
    remediatedAt: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }),
    checksDone: fc.nat(),
  });
  fc.assert(fc.property(anyCheck, (check) => expect(parseCheck(asMessage(toCheckMessage(check)))).toEqual(check)));
});

test('parseCheck() reads the first check', () => {
  const first = { ...CHECK, checksDone: 0 };
  expect(parseCheck(asMessage(toCheckMessage(first)))).toEqual(first);
});

const good = toCheckMessage(CHECK);
test.each<readonly [string, unknown]>([
  ['nothing', undefined],
  ['a text', 'Post-change check'],
  ['an event', runningEvent()],
  ['another source', { ...good, source: 'aws.ec2' }],
  ['another type', { ...good, 'detail-type': 'Undelivered alert' }],
  ['no account', { ...good, account: undefined }],
  ['no time', { ...good, time: undefined }],
  ['no detail', { ...good, detail: undefined }],
  ['a bad id', { ...good, detail: { instanceId: 'i-../../x', checksDone: 0 } }],
  ['no number of checks', { ...good, detail: { instanceId: INSTANCE } }],
  ['a text as the number of checks', { ...good, detail: { instanceId: INSTANCE, checksDone: '0' } }],
  ['a negative number, which would never end', { ...good, detail: { instanceId: INSTANCE, checksDone: -1000 } }],
  ['a fraction of a check', { ...good, detail: { instanceId: INSTANCE, checksDone: 0.5 } }],
])('parseCheck() is undefined for %s', (_, body) => {
  expect(parseCheck(body === undefined ? undefined : asMessage(body))).toBeUndefined();
});
