import fc from 'fast-check';
import { TRIGGERS } from '../../lambda/contract.ts';
import type { Target } from '../../lambda/core/target.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { IMDSV1, target } from '../support/builders.ts';
import { hostileText } from '../support/hostile.ts';

/** Through the queue, as a message body. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('a finding, whole', () => {
  expect(toFinding(target({ trigger: 'running', occurredAt: new Date('2026-11-22T11:59:20Z') }), IMDSV1)).toEqual({
    source: 'imdsv2-enforcer',
    'detail-type': 'IMDSv1 finding recorded',
    id: '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10',
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-22T11:59:20.000Z',
    detail: {
      instanceId: 'i-0a1b2c3d4e5f60718',
      trigger: 'running',
      caller: undefined,
      recorded: { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
    },
  });
});

const optionalText = fc.option(hostileText({ maxLength: 60 }), { nil: undefined });

const anyTarget: fc.Arbitrary<Target> = fc.record({
  account: fc.stringMatching(/^\d{12}$/),
  region: fc.constantFrom('eu-west-1', 'us-gov-west-1', 'ap-southeast-5'),
  instanceId: fc.stringMatching(/^i-[0-9a-f]{8,32}$/),
  context: fc.record({
    trigger: fc.constantFrom(...TRIGGERS),
    eventId: hostileText(),
    occurredAt: fc.date({ noInvalidDate: true }),
    caller: fc.option(
      fc.record({
        principal: hostileText(),
        sourceIp: optionalText,
        userAgent: optionalText,
        invokedBy: optionalText,
      }),
      { nil: undefined },
    ),
    recorded: fc.option(fc.record({ grantedByCall: fc.boolean(), allTags: fc.boolean() }), { nil: undefined }),
  }),
});

const anySeen = fc.record({ HttpTokens: optionalText, HttpEndpoint: optionalText });

test('what is kept on the queue comes back as the same target, now with what was seen', () => {
  fc.assert(
    fc.property(anyTarget, anySeen, (given, seen) => {
      const { context } = given;
      const { grantedByCall = false, allTags = false } = context.recorded ?? {};
      const recorded = { ...seen, grantedByCall, allTags };
      expect(parseEvent(sent(toFinding(given, seen)))).toEqual({
        targets: [{ ...given, context: { ...context, recorded } }],
        lookups: [],
        problems: [],
      });
    }),
  );
});

test('what was seen replaces what the record said; what the call did to tags stays', () => {
  const recorded = { HttpTokens: 'required', HttpEndpoint: 'disabled', grantedByCall: true, allTags: true };
  expect(toFinding(target({ recorded }), IMDSV1).detail.recorded).toEqual({
    HttpTokens: 'optional',
    HttpEndpoint: 'enabled',
    grantedByCall: true,
    allTags: true,
  });
});

describe('a finding that cannot be read is a problem', () => {
  const good = toFinding(target(), IMDSV1);
  test.each<readonly [string, object, string]>([
    ['no id', { detail: { ...good.detail, instanceId: undefined } }, 'detail has no usable instanceId'],
    ['a bad id', { detail: { ...good.detail, instanceId: 'i-../../x' } }, 'detail has no usable instanceId'],
    ['no detail', { detail: undefined }, 'detail has no usable instanceId'],
    ['an unknown trigger', { detail: { ...good.detail, trigger: 'whim' } }, 'detail has no known trigger'],
    ['no account', { account: undefined }, 'account is not twelve digits'],
    ['another type of message', { 'detail-type': 'Undelivered alert' }, 'no trigger knows this kind of event'],
    ['another source', { source: 'aws.ec2' }, 'no trigger knows this kind of event'],
  ])('%s', (_, over, problem) => {
    expect(parseEvent(sent({ ...good, ...over }))).toEqual({ targets: [], lookups: [], problems: [problem] });
  });

  test('a caller without a principal is no caller', () => {
    const { targets } = parseEvent(
      sent({ ...good, detail: { ...good.detail, caller: { sourceIp: '198.51.100.23' } } }),
    );
    expect(targets[0]?.context.caller).toBeUndefined();
  });
});
