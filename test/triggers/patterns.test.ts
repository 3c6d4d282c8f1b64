import { BUS_RULES, TRIGGERS } from '../../lambda/triggers/index.ts';
import { drift } from '../../lambda/triggers/drift.ts';
import { launch } from '../../lambda/triggers/launch.ts';
import { ping } from '../../lambda/triggers/ping.ts';
import { running } from '../../lambda/triggers/running.ts';
import type { Trigger } from '../../lambda/triggers/trigger.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { instanceId } from '../support/builders.ts';
import {
  type BusEvent,
  createTagsEvent,
  defaultsEvent,
  deleteTagsEvent,
  driftEvent,
  failedLaunchEvent,
  flatDriftEvent,
  largeLaunchEvent,
  launchEvent,
  OMITTED,
  refusedLaunchEvent,
  runningEvent,
} from '../support/events.ts';

const OPTIONAL = { instanceId: instanceId(1), httpTokens: 'optional' };
const REQUIRED = { instanceId: instanceId(2), httpTokens: 'required' };
const UNSTATED = { instanceId: instanceId(3) };
const EXEMPT = { 'imdsv2:exempt-until': '2026-12-31' };

const matches = (trigger: Trigger, event: BusEvent): boolean => compilePattern(trigger.pattern)(event);

describe('the pattern of launch', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['matches optional tokens', launchEvent({ items: [OPTIONAL] }), true],
    ['matches optional tokens among others', launchEvent({ items: [REQUIRED, OPTIONAL, REQUIRED] }), true],
    ['matches a record without metadata options', launchEvent({ items: [UNSTATED, UNSTATED] }), true],
    ['matches optional and missing tokens', launchEvent({ items: [UNSTATED, OPTIONAL] }), true],
    [
      'matches disabled IMDS, which is left to the decision',
      launchEvent({ items: [{ ...OPTIONAL, httpEndpoint: 'disabled' }] }),
      true,
    ],
    ['matches an unknown value of tokens', launchEvent({ items: [{ httpTokens: 'preferred' }] }), true],
    ['matches a record without responseElements because of its size', largeLaunchEvent(60), true],
    ['matches responseElements that are null', launchEvent({ detail: { responseElements: null } }), true],
    ['matches a record without responseElements', launchEvent({ detail: { responseElements: undefined } }), true],
    ['matches an empty set of instances', launchEvent({ detail: { responseElements: { instancesSet: {} } } }), true],
    ['matches required tokens with an exemption tag', launchEvent({ items: [{ ...REQUIRED, tags: EXEMPT }] }), true],
    [
      'matches an exemption tag of one of several instances',
      launchEvent({ items: [REQUIRED, { ...REQUIRED, tags: { Name: 'x', ...EXEMPT } }] }),
      true,
    ],
    [
      'does not match required tokens with other tags',
      launchEvent({ items: [{ ...REQUIRED, tags: { Name: 'imdsv2:exempt-until' } }] }),
      false,
    ],
    [
      'does not match a failed call with an exemption tag',
      launchEvent({ items: [{ ...REQUIRED, tags: EXEMPT }], detail: { errorCode: 'Client.X' } }),
      false,
    ],
    // A pattern cannot express that one item has no such field. EC2 returns the options of all instances of a call or
    // of none.
    ['does not match required and missing tokens', launchEvent({ items: [REQUIRED, UNSTATED] }), false],
    ['does not match required tokens', launchEvent({ items: [REQUIRED, REQUIRED] }), false],
    ['does not match a failed call', failedLaunchEvent(), false],
    [
      'does not match a failed call with responseElements',
      launchEvent({ detail: { errorCode: 'Server.InternalError' } }),
      false,
    ],
    ['does not match a dry run', launchEvent({ detail: { errorCode: 'Client.DryRunOperation' } }), false],
    ['does not match another service', launchEvent({ detail: { eventSource: 'gamelift.amazonaws.com' } }), false],
    ['does not match another call', launchEvent({ detail: { eventName: 'StartInstances' } }), false],
    ['does not match a CloudTrail insight', { ...launchEvent(), 'detail-type': 'AWS Insight via CloudTrail' }, false],
  ])('%s', (_, event, matched) => {
    expect(matches(launch, event)).toBe(matched);
  });
});

describe('the pattern of drift', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['matches optional tokens', driftEvent({ request: { HttpTokens: 'optional' } }), true],
    ['matches optional tokens with enabled IMDS', driftEvent(), true],
    [
      'matches optional tokens with disabled IMDS, which is left to the decision',
      driftEvent({ request: { HttpTokens: 'optional', HttpEndpoint: 'disabled' } }),
      true,
    ],
    ['matches enabled IMDS without tokens', driftEvent({ request: { HttpEndpoint: 'enabled' } }), true],
    [
      'does not match a remediation',
      driftEvent({ request: { HttpTokens: 'required', HttpEndpoint: 'enabled' } }),
      false,
    ],
    ['does not match required tokens', driftEvent({ request: { HttpTokens: 'required' } }), false],
    ['does not match the hop limit alone', driftEvent({ request: { HttpPutResponseHopLimit: 2 } }), false],
    [
      'does not match instance metadata tags alone',
      driftEvent({ request: { InstanceMetadataTags: 'enabled' } }),
      false,
    ],
    ['does not match disabled IMDS', driftEvent({ request: { HttpEndpoint: 'disabled' } }), false],
    [
      'IMDS on with tokens required and a hop limit',
      driftEvent({ request: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 } }),
      false,
    ],
    ['does not match a failed call', driftEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }), false],
    ['does not match another service', driftEvent({ detail: { eventSource: 'lightsail.amazonaws.com' } }), false],
    ['of the defaults', driftEvent({ detail: { eventName: 'ModifyInstanceMetadataDefaults' } }), false],
    ['plain form: tokens optional', flatDriftEvent({ httpTokens: 'optional' }), true],
    ['plain form: IMDS on', flatDriftEvent({ httpEndpoint: 'enabled' }), true],
    [
      'does not match a remediation in the plain form',
      flatDriftEvent({ httpTokens: 'required', httpEndpoint: 'enabled' }),
      false,
    ],
    ['does not match the hop limit alone in the plain form', flatDriftEvent({ httpPutResponseHopLimit: 2 }), false],
  ])('%s', (_, event, matched) => {
    expect(matches(drift, event)).toBe(matched);
  });
});

describe('the pattern of running', () => {
  test.each([
    ['running', true],
    ['pending', false],
    ['stopping', false],
    ['stopped', false],
    ['shutting-down', false],
    ['terminated', false],
  ])('matches the state %s: %s', (state, matched) => {
    expect(matches(running, runningEvent({ state }))).toBe(matched);
  });

  test('does not match another source', () => {
    expect(matches(running, { ...runningEvent(), source: 'my.app' })).toBe(false);
  });
});

const VOLUME = 'vol-0a1b2c3d4e5f60718';

describe('TRIGGERS', () => {
  const EVENTS: readonly BusEvent[] = [
    launchEvent(),
    launchEvent({ items: [OPTIONAL, REQUIRED, UNSTATED] }),
    largeLaunchEvent(40),
    launchEvent({ detail: { responseElements: null } }),
    launchEvent({ detail: { requestParameters: OMITTED, responseElements: OMITTED } }),
    driftEvent(),
    driftEvent({ request: { HttpEndpoint: 'enabled' } }),
    flatDriftEvent({ httpTokens: 'optional' }),
    createTagsEvent(),
    createTagsEvent({
      resources: [VOLUME, instanceId(1)],
      tags: [{ key: 'Name' }, { key: 'imdsv2:exempt-until', value: 'soon' }],
    }),
    deleteTagsEvent(),
    deleteTagsEvent({ tags: [] }),
    createTagsEvent({ detail: { requestParameters: OMITTED } }),
    deleteTagsEvent({ detail: { requestParameters: OMITTED } }),
    runningEvent(),
    refusedLaunchEvent(),
    defaultsEvent({ HttpTokens: 'no-preference' }),
  ];
  test.each(EVENTS.map((event) => [event['detail-type'], event] as const))(
    'have one pattern and one parser for %s (%#)',
    (_, event) => {
      const matching = TRIGGERS.filter((trigger) => matches(trigger, event));
      expect(matching).toHaveLength(1);
      expect(TRIGGERS.filter((trigger) => trigger.accepts(event))).toEqual(matching);
    },
  );

  test('have different rules and names', () => {
    expect(TRIGGERS.map(({ name, ruleId }) => [name, ruleId])).toEqual([
      ['launch', 'Launch'],
      ['drift', 'Drift'],
      ['grant', 'Grant'],
      ['revoke', 'Revoke'],
      ['running', 'Running'],
      ['refused-launch', 'RefusedLaunch'],
      ['weakened-defaults', 'WeakenedDefaults'],
    ]);
    expect(ping.ruleId).toBe('Ping');
  });

  test('have descriptions that EventBridge accepts', () => {
    const descriptions = BUS_RULES.map(({ description }) => description);
    for (const description of descriptions) expect(description).toMatch(/^[A-Z][ -~]{20,510}$/);
    expect(new Set(descriptions).size).toBe(BUS_RULES.length);
  });

  test('have patterns of at most the size that EventBridge accepts', () => {
    for (const { pattern } of TRIGGERS) expect(JSON.stringify(pattern).length).toBeLessThan(2048);
  });
});
