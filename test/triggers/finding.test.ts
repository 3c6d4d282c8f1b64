import fc from 'fast-check';
import { PROOFS, REQUESTED_OPTIONS, type Target } from '../../lambda/core/target.ts';
import { ALL_TRIGGERS, parseEvent } from '../../lambda/triggers/index.ts';
import { toFinding } from '../../lambda/triggers/finding.ts';
import { IMDSV1, target } from '../support/builders.ts';
import { hostileText } from '../support/hostile.ts';

/** As a message body of the queue. */
const asMessage = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('toFinding() writes a complete finding', () => {
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
    trigger: fc.constantFrom(...ALL_TRIGGERS),
    eventId: hostileText(),
    occurredAt: fc.date({ noInvalidDate: true }),
    caller: fc.option(
      fc.record({
        principal: hostileText(),
        sourceIp: optionalText,
        userAgent: optionalText,
        invokedBy: optionalText,
        session: optionalText,
        mfa: fc.option(fc.boolean(), { nil: undefined }),
        cloudTrailEventId: optionalText,
      }),
      { nil: undefined },
    ),
    recorded: fc.option(
      fc.record({
        grantedByCall: fc.boolean(),
        allTags: fc.boolean(),
        requested: fc.constantFrom(undefined, ...REQUESTED_OPTIONS),
        before: fc.constantFrom(undefined, ...PROOFS),
      }),
      { nil: undefined },
    ),
  }),
});

const anyObserved = fc.record({ HttpTokens: optionalText, HttpEndpoint: optionalText });

test('parseEvent() reads the target that toFinding() wrote, with the observed options', () => {
  fc.assert(
    fc.property(anyTarget, anyObserved, (given, observed) => {
      const { context } = given;
      const { grantedByCall = false, allTags = false, requested, before } = context.recorded ?? {};
      const recorded = { ...observed, grantedByCall, allTags, requested, before };
      expect(parseEvent(asMessage(toFinding(given, observed)))).toEqual({
        targets: [{ ...given, context: { ...context, recorded } }],
        lookups: [],
        problems: [],
      });
    }),
  );
});

test('toFinding() replaces recorded options, and keeps what the call did to tags', () => {
  const recorded = { HttpTokens: 'required', HttpEndpoint: 'disabled', grantedByCall: true, allTags: true };
  expect(toFinding(target({ recorded }), IMDSV1).detail.recorded).toEqual({
    HttpTokens: 'optional',
    HttpEndpoint: 'enabled',
    grantedByCall: true,
    allTags: true,
  });
});

describe('parseEvent() reports a problem for a finding with', () => {
  const good = toFinding(target(), IMDSV1);
  test.each<readonly [string, object, string]>([
    ['no id', { detail: { ...good.detail, instanceId: undefined } }, 'detail has no usable instanceId'],
    ['a bad id', { detail: { ...good.detail, instanceId: 'i-../../x' } }, 'detail has no usable instanceId'],
    ['no detail', { detail: undefined }, 'detail has no usable instanceId'],
    ['an unknown trigger', { detail: { ...good.detail, trigger: 'unknown' } }, 'detail has no known trigger'],
    ['no account', { account: undefined }, 'account is not twelve digits'],
    ['another type of message', { 'detail-type': 'Undelivered alert' }, 'no trigger reads this kind of event'],
    ['another source', { source: 'aws.ec2' }, 'no trigger reads this kind of event'],
  ])('%s', (_, over, problem) => {
    expect(parseEvent(asMessage({ ...good, ...over }))).toEqual({ targets: [], lookups: [], problems: [problem] });
  });

  test('parseEvent() omits the caller of a finding without a principal', () => {
    const { targets } = parseEvent(
      asMessage({ ...good, detail: { ...good.detail, caller: { sourceIp: '198.51.100.23' } } }),
    );
    expect(targets[0]?.context.caller).toBeUndefined();
  });
});
