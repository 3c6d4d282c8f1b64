import fc from 'fast-check';
import { BUS_RULES, parseEvent, TRIGGERS } from '../../lambda/triggers/index.ts';
import { ping, readPing } from '../../lambda/triggers/ping.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { ACCOUNT, EVENT_ID, INSTANCE, REGION } from '../support/builders.ts';
import { driftEvent, launchEvent, NONCE, pingEvent, runningEvent } from '../support/events.ts';
import { hostileText } from '../support/hostile.ts';

const matches = compilePattern(ping.pattern);
const NOTHING = { targets: [], lookups: [], problems: [] };

test('a ping passes its rule and no other, and is read by its reader alone', () => {
  const event = pingEvent();
  expect(BUS_RULES.filter(({ pattern }) => compilePattern(pattern)(event))).toEqual([ping]);
  expect(ping.accepts(event)).toBe(true);
  expect(TRIGGERS.filter(({ accepts }) => accepts(event))).toEqual([]);
});

test.each([
  ['a launch', launchEvent()],
  ['a set-back', driftEvent()],
  ['a state change', runningEvent()],
  ['another type of event from the same source', { ...pingEvent(), 'detail-type': 'PingAnswer' }],
  ['a ping in the name of another source', { ...pingEvent(), source: 'aws.ec2' }],
])('%s is no ping', (_, event) => {
  expect([matches(event), ping.accepts(event)]).toEqual([false, false]);
});

test('what a ping asks: by which nonce it is found, and what to try on', () => {
  const read = { account: ACCOUNT, region: REGION, eventId: EVENT_ID, nonce: NONCE };
  expect(readPing(pingEvent())).toEqual({ ...read, instanceId: INSTANCE });
  expect(readPing(pingEvent({ detail: { nonce: NONCE } }))).toEqual(read);
});

const BAD: readonly (readonly [string, object, string])[] = [
  ['no nonce', { instanceId: INSTANCE }, 'detail has no nonce that is a UUID'],
  ['a nonce with a line break', { nonce: `${NONCE}\n` }, 'detail has no nonce that is a UUID'],
  ['more before a nonce', { nonce: `x${NONCE}` }, 'detail has no nonce that is a UUID'],
  ['a nonce in capitals', { nonce: NONCE.toUpperCase() }, 'detail has no nonce that is a UUID'],
  ['a nonce that is a filter pattern', { nonce: '{ $.level = "INFO" }' }, 'detail has no nonce that is a UUID'],
  ['a nonce that is no text', { nonce: { toString: 1 } }, 'detail has no nonce that is a UUID'],
  ['an instance that is none', { nonce: NONCE, instanceId: 'i-../../x' }, 'detail has no usable instanceId'],
  ['an instance that is no text', { nonce: NONCE, instanceId: [INSTANCE] }, 'detail has no usable instanceId'],
  ['an instance that is null', { nonce: NONCE, instanceId: null }, 'detail has no usable instanceId'],
];

test.each(BAD)('%s is a problem', (_, detail, problem) => {
  const event = pingEvent({ detail: detail as Record<string, unknown> });
  expect(readPing(event)).toBe(problem);
  expect(parseEvent(event)).toEqual({ ...NOTHING, problems: [problem] });
});

test('an envelope that cannot be believed is a problem', () => {
  expect(readPing(pingEvent({ region: 'evil.example' }))).toBe('region is not a region name');
});

test('one that comes out of a queue is understood, and asks for nothing', () => {
  expect(parseEvent(pingEvent())).toEqual(NOTHING);
});

test('whatever strangers write: nothing is thrown, and nothing but a UUID and an instance id gets through', () => {
  const part = fc.oneof(hostileText({ maxLength: 60 }), fc.jsonValue({ maxDepth: 3 }), fc.constant(NONCE));
  fc.assert(
    fc.property(part, part, (nonce, instanceId) => {
      const read = readPing(pingEvent({ detail: { nonce, instanceId } }));
      if (typeof read === 'string') return;
      expect(read.nonce).toMatch(/^[0-9a-f-]{36}$/);
      expect(read.instanceId ?? 'i-0').toMatch(/^i-[0-9a-z]+$/);
    }),
    { numRuns: 1_000 },
  );
});
