import { eventIdOf } from '../../lambda/triggers/envelope.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { driftEvent, launchEvent, runningEvent } from '../support/events.ts';

const problem = (text: string) => ({ targets: [], lookups: [], problems: [text] });

describe('parseEvent() reports a problem for an event of unknown kind:', () => {
  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'RunInstances'],
    ['a number', 7],
    ['a list', [launchEvent()]],
    ['an empty object', {}],
    ['another source of the same detail type', { ...launchEvent(), 'detail-type': 'AWS Service Event via CloudTrail' }],
    ['an insight on RunInstances', { ...launchEvent(), 'detail-type': 'AWS Insight via CloudTrail' }],
    ['another service’s RunInstances', launchEvent({ detail: { eventSource: 'gamelift.amazonaws.com' } })],
    ['another call', launchEvent({ detail: { eventName: 'TerminateInstances' } })],
    ['a record without detail', { ...launchEvent(), detail: undefined }],
    ['an event as a prototype', JSON.parse('{"__proto__":{"detail-type":"EC2 Instance State-change Notification"}}')],
  ])('%s', (_, event) => {
    expect(parseEvent(event)).toEqual(problem('no trigger reads this kind of event'));
  });
});

describe('parseEvent() reports a problem for an invalid envelope:', () => {
  const running = runningEvent();
  test.each<readonly [string, object, string]>([
    ['no account', { account: undefined }, 'account is not twelve digits'],
    ['an account that is a number', { account: 111122223333 }, 'account is not twelve digits'],
    ['eleven digits', { account: '11112222333' }, 'account is not twelve digits'],
    ['thirteen digits', { account: '1111222233334' }, 'account is not twelve digits'],
    ['a letter before digits', { account: 'x111122223333' }, 'account is not twelve digits'],
    ['no region', { region: undefined }, 'region is not a region name'],
    ['a region with a slash', { region: 'eu-west-1/../' }, 'region is not a region name'],
    ['a label before a region', { region: 'x.eu-west-1' }, 'region is not a region name'],
    ['three digits at the end of a region', { region: 'eu-west-100' }, 'region is not a region name'],
    ['a host as a region', { region: 'evil.example' }, 'region is not a region name'],
    ['a command in a region', { region: 'eu-west-1;id' }, 'region is not a region name'],
    ['no time', { time: undefined }, 'time is not a date'],
    ['an invalid time', { time: 'yesterday' }, 'time is not a date'],
  ])('%s', (_, over, text) => {
    expect(parseEvent({ ...running, ...over })).toEqual(problem(text));
  });

  test.each([
    'us-east-1',
    'us-gov-west-1',
    'us-isob-east-1',
    'ap-southeast-5',
    'ap-southeast-12',
    'cn-northwest-1',
    'eusc-de-east-1',
  ])('accepts the region %s', (region) => {
    expect(parseEvent(runningEvent({ region })).targets.map((target) => target.region)).toEqual([region]);
  });
});

describe('the time of an event', () => {
  const occurredAt = (event: unknown) => parseEvent(event).targets[0]?.context.occurredAt.toISOString();

  test('is the time of the call, even if the record was delivered later', () => {
    const late = { ...launchEvent({ time: '2026-11-22T11:00:00Z' }), time: '2026-11-22T11:59:00Z' };
    expect(occurredAt(late)).toBe('2026-11-22T11:00:00.000Z');
  });

  test.each([
    '2026-11-22 11:00:00.000000000',
    '2026-11-22T11:00:00',
    '2026-11-22T12:00:00+01:00',
    '2026-11-22T10:00:00-0100',
  ])('is in UTC without a time zone: %s', (time) => {
    expect(occurredAt(driftEvent({ detail: { eventTime: time } }))).toBe('2026-11-22T11:00:00.000Z');
  });

  test('is the time of delivery if the record has no time of the call', () => {
    for (const eventTime of [undefined, 'soon', 7]) {
      expect(occurredAt(driftEvent({ detail: { eventTime }, time: '2026-11-22T11:59:00Z' }))).toBe(
        '2026-11-22T11:59:00.000Z',
      );
    }
  });
});

test('parseEvent() takes account and region from the envelope only', () => {
  const event = launchEvent({
    account: '111122223333',
    region: 'eu-west-1',
    detail: {
      recipientAccountId: '444455556666',
      awsRegion: 'us-east-1',
      userIdentity: {
        type: 'AssumedRole',
        accountId: '777788889999',
        arn: 'arn:aws:sts::777788889999:assumed-role/x/y',
      },
    },
  });
  expect(parseEvent(event).targets).toMatchObject([{ account: '111122223333', region: 'eu-west-1' }]);
});

test('eventIdOf() is none without an id', () => {
  expect(eventIdOf(runningEvent({ id: 'abc' }))).toBe('abc');
  expect([{}, null, undefined, 'x', { id: 7 }].map(eventIdOf)).toEqual(['none', 'none', 'none', 'none', 'none']);
});

describe('the caller of a call', () => {
  const callerOf = (detail: Record<string, unknown>) => parseEvent(launchEvent({ detail })).targets[0]?.context.caller;

  test('includes the service that called on its behalf', () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling';
    const by = 'autoscaling.amazonaws.com';
    const userIdentity = { type: 'AssumedRole', arn, invokedBy: by };
    expect(callerOf({ userIdentity, sourceIPAddress: by, userAgent: by })).toEqual({
      principal: arn,
      sourceIp: by,
      userAgent: by,
      invokedBy: by,
      session: 'AutoScaling',
      mfa: undefined,
      cloudTrailEventId: 'f2a1c3d4-9b8e-4c7d-a6f5-0e1d2c3b4a59',
    });
  });

  test.each([
    ['true', true],
    ['false', false],
    [undefined, undefined],
  ])('has MFA as CloudTrail states it: %s', (mfaAuthenticated, mfa) => {
    const userIdentity = { type: 'AssumedRole', sessionContext: { attributes: { mfaAuthenticated } } };
    expect(callerOf({ userIdentity })?.mfa).toBe(mfa);
  });

  test('has no session without an assumed role', () => {
    const arn = 'arn:aws:iam::111122223333:user/kim';
    expect(callerOf({ userIdentity: { arn } })?.session).toBeUndefined();
  });

  test.each([
    [
      'its ARN',
      { arn: 'arn:aws:iam::111122223333:user/kim', userName: 'kim', type: 'IAMUser' },
      'arn:aws:iam::111122223333:user/kim',
    ],
    ['its name', { userName: 'kim', principalId: 'AIDAEXAMPLE', type: 'IAMUser' }, 'kim'],
    ['its principal id', { principalId: 'AIDAEXAMPLE', type: 'IAMUser' }, 'AIDAEXAMPLE'],
    ['its type', { type: 'Root', invokedBy: 'autoscaling.amazonaws.com' }, 'Root'],
    ['unknown', {}, 'unknown'],
    ['unknown if the identity is not an object', 'Root', 'unknown'],
  ] as const)('has as principal %s', (_, userIdentity, principal) => {
    expect(callerOf({ userIdentity })?.principal).toBe(principal);
  });
});
