import fc from 'fast-check';
import { BUS_RULES, parseEvent, TRIGGERS } from '../../lambda/triggers/index.ts';
import { ping, readPing } from '../../lambda/triggers/ping.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { ACCOUNT, EVENT_ID, INSTANCE, REGION } from '../support/builders.ts';
import { driftEvent, launchEvent, NONCE, pingEvent, runningEvent } from '../support/events.ts';
import { hostileText } from '../support/hostile.ts';

const matches = compilePattern(ping.pattern);
const NOTHING = { targets: [], lookups: [], problems: [] };

test('a ping matches its own rule and reader only', () => {
  const event = pingEvent();
  expect(BUS_RULES.filter(({ pattern }) => compilePattern(pattern)(event))).toEqual([ping]);
  expect(ping.accepts(event)).toBe(true);
  expect(TRIGGERS.filter(({ accepts }) => accepts(event))).toEqual([]);
});

test.each([
  ['a launch', launchEvent()],
  ['drift', driftEvent()],
  ['a state change', runningEvent()],
  ['another type of event from the same source', { ...pingEvent(), 'detail-type': 'PingAnswer' }],
  ['a ping from another source', { ...pingEvent(), source: 'aws.ec2' }],
])('%s is not a ping', (_, event) => {
  expect([matches(event), ping.accepts(event)]).toEqual([false, false]);
});

test('readPing() returns the nonce and the instance for the dry run', () => {
  const read = { account: ACCOUNT, region: REGION, eventId: EVENT_ID, nonce: NONCE };
  expect(readPing(pingEvent())).toEqual({ ...read, instanceId: INSTANCE });
  expect(readPing(pingEvent({ detail: { nonce: NONCE } }))).toEqual(read);
});

const INVALID: readonly (readonly [string, object, string])[] = [
  ['no nonce', { instanceId: INSTANCE }, 'detail has no nonce that is a UUID'],
  ['a nonce with a line break', { nonce: `${NONCE}\n` }, 'detail has no nonce that is a UUID'],
  ['a letter before a nonce', { nonce: `x${NONCE}` }, 'detail has no nonce that is a UUID'],
  ['a nonce in capitals', { nonce: NONCE.toUpperCase() }, 'detail has no nonce that is a UUID'],
  ['a nonce that is a filter pattern', { nonce: '{ $.level = "INFO" }' }, 'detail has no nonce that is a UUID'],
  ['a nonce that is not a text', { nonce: { toString: 1 } }, 'detail has no nonce that is a UUID'],
  ['an invalid instance id', { nonce: NONCE, instanceId: 'i-../../x' }, 'detail has no usable instanceId'],
  ['an instance id that is not a text', { nonce: NONCE, instanceId: [INSTANCE] }, 'detail has no usable instanceId'],
  ['an instance id that is null', { nonce: NONCE, instanceId: null }, 'detail has no usable instanceId'],
];

test.each(INVALID)('readPing() and parseEvent() report a problem for %s', (_, detail, problem) => {
  const event = pingEvent({ detail: detail as Record<string, unknown> });
  expect(readPing(event)).toBe(problem);
  expect(parseEvent(event)).toEqual({ ...NOTHING, problems: [problem] });
});

test('readPing() reports a problem for an invalid envelope', () => {
  expect(readPing(pingEvent({ region: 'evil.example' }))).toBe('region is not a region name');
});

test('parseEvent() asks for nothing for a ping', () => {
  expect(parseEvent(pingEvent())).toEqual(NOTHING);
});

test('readPing() returns a UUID and an instance id only, whatever the input', () => {
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
