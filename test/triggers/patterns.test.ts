import { BUS_RULES, TRIGGERS } from '../../lambda/triggers/index.ts';
import { drift } from '../../lambda/triggers/drift.ts';
import { grant } from '../../lambda/triggers/grant.ts';
import { launch } from '../../lambda/triggers/launch.ts';
import { ping } from '../../lambda/triggers/ping.ts';
import { revoke } from '../../lambda/triggers/revoke.ts';
import { running } from '../../lambda/triggers/running.ts';
import type { Trigger } from '../../lambda/triggers/trigger.ts';
import { compilePattern } from '../../sandbox/aws/eventbridge/pattern.ts';
import { instanceId } from '../support/builders.ts';
import {
  type BusEvent,
  createTagsEvent,
  deleteTagsEvent,
  driftEvent,
  failedLaunchEvent,
  flatDriftEvent,
  largeLaunchEvent,
  launchEvent,
  OMITTED,
  runningEvent,
} from '../support/events.ts';

const OPTIONAL = { instanceId: instanceId(1), httpTokens: 'optional' };
const REQUIRED = { instanceId: instanceId(2), httpTokens: 'required' };
const UNSTATED = { instanceId: instanceId(3) };

const matches = (trigger: Trigger, event: BusEvent): boolean => compilePattern(trigger.pattern)(event);

describe('a launch', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['with tokens optional → matches', launchEvent({ items: [OPTIONAL] }), true],
    ['with some tokens optional → matches', launchEvent({ items: [REQUIRED, OPTIONAL, REQUIRED] }), true],
    ['of the time before metadata options → matches', launchEvent({ items: [UNSTATED, UNSTATED] }), true],
    ['some optional, some not stated → matches', launchEvent({ items: [UNSTATED, OPTIONAL] }), true],
    [
      'with IMDS off → matches, and is left to the decision',
      launchEvent({ items: [{ ...OPTIONAL, httpEndpoint: 'disabled' }] }),
      true,
    ],
    ['with tokens of a kind not known → matches', launchEvent({ items: [{ httpTokens: 'preferred' }] }), true],
    ['too large for CloudTrail → matches', largeLaunchEvent(60), true],
    ['without an answer in the record → matches', launchEvent({ detail: { responseElements: null } }), true],
    ['with no such field in the record → matches', launchEvent({ detail: { responseElements: undefined } }), true],
    ['with an empty set → matches', launchEvent({ detail: { responseElements: { instancesSet: {} } } }), true],
    // A pattern cannot say "some item lacks the field". EC2 states the options of all instances of a call or of none.
    ['with some required, some not stated → does not', launchEvent({ items: [REQUIRED, UNSTATED] }), false],
    ['with all tokens required → does not', launchEvent({ items: [REQUIRED, REQUIRED] }), false],
    ['that failed → does not', failedLaunchEvent(), false],
    ['that failed with an answer → does not', launchEvent({ detail: { errorCode: 'Server.InternalError' } }), false],
    ['that was a dry run → does not', launchEvent({ detail: { errorCode: 'Client.DryRunOperation' } }), false],
    ['of another service → does not', launchEvent({ detail: { eventSource: 'gamelift.amazonaws.com' } }), false],
    ['by another call → does not', launchEvent({ detail: { eventName: 'StartInstances' } }), false],
    ['reported by an insight → does not', { ...launchEvent(), 'detail-type': 'AWS Insight via CloudTrail' }, false],
  ])('%s', (_, event, matched) => {
    expect(matches(launch, event)).toBe(matched);
  });
});

describe('a change of metadata options', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['tokens optional → matches', driftEvent({ request: { HttpTokens: 'optional' } }), true],
    ['tokens optional and IMDS on → matches', driftEvent(), true],
    [
      'tokens optional, IMDS off → matches, and is left to the decision',
      driftEvent({ request: { HttpTokens: 'optional', HttpEndpoint: 'disabled' } }),
      true,
    ],
    ['IMDS on, tokens not named → matches', driftEvent({ request: { HttpEndpoint: 'enabled' } }), true],
    ['our own change → does not', driftEvent({ request: { HttpTokens: 'required', HttpEndpoint: 'enabled' } }), false],
    ['tokens required → does not', driftEvent({ request: { HttpTokens: 'required' } }), false],
    ['the hop limit alone → does not', driftEvent({ request: { HttpPutResponseHopLimit: 2 } }), false],
    ['tags in metadata alone → does not', driftEvent({ request: { InstanceMetadataTags: 'enabled' } }), false],
    ['IMDS off → does not', driftEvent({ request: { HttpEndpoint: 'disabled' } }), false],
    [
      'IMDS on with tokens required and a hop limit → does not',
      driftEvent({ request: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 } }),
      false,
    ],
    ['that failed → does not', driftEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }), false],
    ['of another service → does not', driftEvent({ detail: { eventSource: 'lightsail.amazonaws.com' } }), false],
    ['of the defaults → does not', driftEvent({ detail: { eventName: 'ModifyInstanceMetadataDefaults' } }), false],
    ['plain form: tokens optional → matches', flatDriftEvent({ httpTokens: 'optional' }), true],
    ['plain form: IMDS on → matches', flatDriftEvent({ httpEndpoint: 'enabled' }), true],
    [
      'plain form: our own change → does not',
      flatDriftEvent({ httpTokens: 'required', httpEndpoint: 'enabled' }),
      false,
    ],
    ['plain form: the hop limit alone → does not', flatDriftEvent({ httpPutResponseHopLimit: 2 }), false],
  ])('%s', (_, event, matched) => {
    expect(matches(drift, event)).toBe(matched);
  });
});

const UNTIL = 'imdsv2:exempt-until';
const OTHERS = [
  { key: 'Name', value: UNTIL },
  { key: 'imdsv2:exempt-reason', value: 'agent X' },
];
const VOLUME = 'vol-0a1b2c3d4e5f60718';

describe('tags that are set', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['the exemption → matches', createTagsEvent(), true],
    [
      'the exemption among others → matches',
      createTagsEvent({ tags: [...OTHERS, { key: UNTIL, value: '2026-12-31' }] }),
      true,
    ],
    [
      'a day that cannot be read → matches, and is left to the decision',
      createTagsEvent({ tags: [{ key: UNTIL, value: 'soon' }] }),
      true,
    ],
    ['on an instance and its volume → matches', createTagsEvent({ resources: [VOLUME, instanceId(1)] }), true],
    ['of other keys → does not', createTagsEvent({ tags: OTHERS }), false],
    [
      'of a key in other letters → does not',
      createTagsEvent({ tags: [{ key: 'IMDSv2:exempt-until', value: 'x' }] }),
      false,
    ],
    ['none → does not', createTagsEvent({ tags: [] }), false],
    ['left out of the record → does not', createTagsEvent({ detail: { requestParameters: OMITTED } }), false],
    ['that failed → does not', createTagsEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }), false],
    ['that was a dry run → does not', createTagsEvent({ detail: { errorCode: 'Client.DryRunOperation' } }), false],
    [
      'of another service → does not',
      createTagsEvent({ detail: { eventSource: 'elasticfilesystem.amazonaws.com' } }),
      false,
    ],
    ['taken, not set → does not', deleteTagsEvent(), false],
  ])('%s', (_, event, matched) => {
    expect(matches(grant, event)).toBe(matched);
  });
});

describe('tags that are taken', () => {
  test.each<readonly [string, BusEvent, boolean]>([
    ['the exemption → matches', deleteTagsEvent(), true],
    [
      'the exemption, if it has this value → matches',
      deleteTagsEvent({ tags: [{ key: UNTIL, value: '2026-12-31' }] }),
      true,
    ],
    ['the exemption among others → matches', deleteTagsEvent({ tags: [...OTHERS, { key: UNTIL }] }), true],
    ['all of them, for none is named → matches', deleteTagsEvent({ tags: [] }), true],
    [
      'no such field in the record → matches',
      deleteTagsEvent({ detail: { requestParameters: { resourcesSet: {} } } }),
      true,
    ],
    [
      'left out of the record → matches, for nobody knows',
      deleteTagsEvent({ detail: { requestParameters: OMITTED } }),
      true,
    ],
    ['of other keys → does not', deleteTagsEvent({ tags: OTHERS }), false],
    ['that failed → does not', deleteTagsEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }), false],
    ['all of them, which failed → does not', deleteTagsEvent({ tags: [], detail: { errorCode: 'Client.X' } }), false],
    [
      'of another service → does not',
      deleteTagsEvent({ tags: [], detail: { eventSource: 'elasticfilesystem.amazonaws.com' } }),
      false,
    ],
    ['set, not taken → does not', createTagsEvent(), false],
  ])('%s', (_, event, matched) => {
    expect(matches(revoke, event)).toBe(matched);
  });
});

describe('a change of state', () => {
  test.each([
    ['running', true],
    ['pending', false],
    ['stopping', false],
    ['stopped', false],
    ['shutting-down', false],
    ['terminated', false],
  ])('to %s → matches: %s', (state, matched) => {
    expect(matches(running, runningEvent({ state }))).toBe(matched);
  });

  test('that another source made up → does not', () => {
    expect(matches(running, { ...runningEvent(), source: 'my.app' })).toBe(false);
  });
});

describe('pattern and parser agree', () => {
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
    createTagsEvent({ resources: [VOLUME, instanceId(1)], tags: [...OTHERS, { key: UNTIL, value: 'soon' }] }),
    deleteTagsEvent(),
    deleteTagsEvent({ tags: [] }),
    deleteTagsEvent({ detail: { requestParameters: OMITTED } }),
    runningEvent(),
  ];
  test.each(EVENTS.map((event) => [event['detail-type'], event] as const))('%s %#', (_, event) => {
    const matching = TRIGGERS.filter((trigger) => matches(trigger, event));
    expect(matching).toHaveLength(1);
    expect(TRIGGERS.filter((trigger) => trigger.accepts(event))).toEqual(matching);
  });

  test('no two triggers share a rule or a name, and only the net below waits', () => {
    expect(TRIGGERS.map(({ name, ruleId, delivery }) => [name, ruleId, delivery])).toEqual([
      ['launch', 'Launch', 'direct'],
      ['drift', 'Drift', 'direct'],
      ['grant', 'Grant', 'direct'],
      ['revoke', 'Revoke', 'direct'],
      ['running', 'Running', 'queued'],
    ]);
    expect(ping).toMatchObject({ ruleId: 'Ping', delivery: 'direct' });
  });

  test('each rule says in the console what it is for, in as many characters as EventBridge takes', () => {
    const descriptions = BUS_RULES.map(({ description }) => description);
    for (const description of descriptions) expect(description).toMatch(/^[A-Z][ -~]{20,510}$/);
    expect(new Set(descriptions).size).toBe(BUS_RULES.length);
  });

  test('patterns stay below what EventBridge takes', () => {
    for (const { pattern } of TRIGGERS) expect(JSON.stringify(pattern).length).toBeLessThan(2048);
  });
});
