import fc from 'fast-check';
import type { PreventionEvent } from '../../lambda/core/prevention/event.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { refusedLaunch } from '../../lambda/triggers/refused-launch.ts';
import type { Trigger } from '../../lambda/triggers/trigger.ts';
import { weakenedDefaults } from '../../lambda/triggers/weakened-defaults.ts';
import { compilePattern as compileForReplay } from '../../cli/replay/pattern.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { ACCOUNT, LAUNCHED, REGION } from '../support/builders.ts';
import { AUTO_SCALING, type BusEvent, defaultsEvent, refusedLaunchEvent } from '../support/events.ts';

const preventionIn = (event: BusEvent): PreventionEvent | undefined => {
  const { targets, lookups, problems, prevention } = parseEvent(event);
  expect([targets, lookups, problems]).toEqual([[], [], []]);
  return prevention;
};

/** Whether the rule matches, by EventBridge and by `imdsv2 replay`. */
const matches = ({ pattern }: Trigger, event: BusEvent): boolean => {
  const matched = compilePattern(pattern)(event);
  expect(compileForReplay(pattern)(event)).toBe(matched);
  return matched;
};

describe('a refused launch', () => {
  test('names the launch template, the call and the caller', () => {
    const event = refusedLaunchEvent({ subnetId: 'subnet-0aa', metadataOptions: { httpTokens: 'optional' } });

    expect(matches(refusedLaunch, event)).toBe(true);
    expect(preventionIn(event)).toMatchObject({
      kind: 'launch-refused',
      trigger: 'refused-launch',
      account: ACCOUNT,
      region: REGION,
      occurredAt: LAUNCHED,
      caller: { principal: `arn:aws:sts::${ACCOUNT}:assumed-role/deployer/kim`, sourceIp: '198.51.100.23' },
      launch: {
        launchTemplateId: 'lt-0a1b2c3d4e5f60718',
        launchTemplateVersion: '7',
        instanceType: 't3.micro',
        subnetId: 'subnet-0aa',
        httpTokens: 'optional',
      },
      errorMessage: expect.stringContaining('IMDSv1') as string,
    });
  });

  test('of an Auto Scaling group names the service and the fleet', () => {
    const clientToken = 'fleet-180da986-0bb4-c936-0c9a-0e20a0c6d1aa-0';
    const event = refusedLaunchEvent({ launchTemplate: undefined, clientToken }, { detail: AUTO_SCALING });

    expect(matches(refusedLaunch, event)).toBe(true);
    expect(preventionIn(event)).toMatchObject({
      caller: { invokedBy: 'autoscaling.amazonaws.com' },
      launch: { fleetId: 'fleet-180da986-0bb4-c936-0c9a-0e20a0c6d1aa' },
    });
  });

  test.each([
    ['another reason', { errorMessage: 'The requested configuration is currently not supported.' }],
    ['another error', { errorCode: 'Client.UnauthorizedOperation' }],
    ['a dry run', { errorCode: 'Client.DryRunOperation' }],
    ['another service', { eventSource: 'gamelift.amazonaws.com' }],
    ['another call', { eventName: 'StartInstances' }],
  ])('is none with %s', (_, detail) => {
    const event = refusedLaunchEvent({}, { detail });
    expect(matches(refusedLaunch, event)).toBe(false);
    expect(parseEvent(event).prevention).toBeUndefined();
  });
});

describe('weakened defaults', () => {
  const WEAK = [
    [{ HttpTokens: 'optional' }, { HttpTokens: 'optional' }],
    [{ HttpTokens: 'no-preference' }, { HttpTokens: 'no-preference' }],
    [{ HttpTokensEnforced: 'disabled' }, { HttpTokensEnforced: 'disabled' }],
    [
      { HttpTokens: 'required', HttpTokensEnforced: 'no-preference', HttpPutResponseHopLimit: 2 },
      { HttpTokensEnforced: 'no-preference' },
    ],
  ] as const;
  test.each(WEAK)('%j', (request, requested) => {
    const event = defaultsEvent(request);
    expect(matches(weakenedDefaults, event)).toBe(true);
    expect(preventionIn(event)).toMatchObject({ kind: 'defaults-weakened', trigger: 'weakened-defaults', requested });
    const plain = JSON.parse(JSON.stringify(request).replaceAll('"Http', '"http')) as object;
    const flat = defaultsEvent({}, { detail: { requestParameters: plain } });
    expect(matches(weakenedDefaults, flat)).toBe(true);
    expect(preventionIn(flat)).toMatchObject({ requested });
  });

  test.each([
    [{ HttpTokens: 'required' }],
    [{ HttpTokensEnforced: 'enabled' }],
    [{ HttpPutResponseHopLimit: -1 }],
    [{ HttpEndpoint: 'no-preference' }],
  ])('not by %j', (request) => {
    const event = defaultsEvent(request);
    expect(matches(weakenedDefaults, event)).toBe(false);
    expect(preventionIn(event)).toBeUndefined();
  });

  test('not by a call that failed', () => {
    const event = defaultsEvent({ HttpTokens: 'optional' }, { detail: { errorCode: 'Client.UnauthorizedOperation' } });
    expect(matches(weakenedDefaults, event)).toBe(false);
    expect(preventionIn(event)).toBeUndefined();
  });
});

test('whatever parameters a record has, parsing does not throw, and all texts are texts', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(refusedLaunchEvent(), defaultsEvent({})), (requestParameters, base) => {
      const { prevention } = parseEvent({ ...base, detail: { ...base.detail, requestParameters } });
      const texts = prevention?.kind === 'launch-refused' ? prevention.launch : (prevention?.requested ?? {});
      for (const text of Object.values(texts)) expect(['string', 'undefined']).toContain(typeof text);
    }),
  );
});
