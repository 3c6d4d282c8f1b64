import { type Context } from '../../lambda/core/target.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { launch, withKnown } from '../../lambda/triggers/launch.ts';
import { CALLER, instanceId, target } from '../support/builders.ts';
import {
  type BusEvent,
  failedLaunchEvent,
  largeLaunchEvent,
  launchedItem,
  launchEvent,
  OMITTED,
  runningEvent,
} from '../support/events.ts';

const NOTHING = { targets: [], lookups: [], problems: [] };

const recorded = (over: Partial<NonNullable<Context['recorded']>> = {}) => ({
  HttpTokens: 'optional',
  HttpEndpoint: 'enabled',
  grantedByCall: false,
  ...over,
});

const withItems = (...items: readonly unknown[]): BusEvent =>
  launchEvent({ detail: { responseElements: { instancesSet: { items } } } });

describe('parseEvent() of a launch', () => {
  test('has a target for each instance, with its recorded options', () => {
    const event = launchEvent({
      items: [
        { instanceId: instanceId(1), httpTokens: 'optional' },
        { instanceId: instanceId(2), httpTokens: 'required' },
        { instanceId: instanceId(3), httpTokens: 'optional', httpEndpoint: 'disabled' },
      ],
    });
    expect(parseEvent(event)).toEqual({
      targets: [
        target({ instanceId: instanceId(1), recorded: recorded() }),
        target({ instanceId: instanceId(2), recorded: recorded({ HttpTokens: 'required' }) }),
        target({ instanceId: instanceId(3), recorded: recorded({ HttpEndpoint: 'disabled' }) }),
      ],
      lookups: [],
      problems: [],
    });
  });

  test('has no recorded options if the record has none', () => {
    const { targets } = parseEvent(launchEvent({ items: [{}] }));
    expect(targets).toEqual([target({ recorded: { grantedByCall: false } })]);
  });

  test('has one target for a duplicate id', () => {
    const twice = { instanceId: instanceId(1), httpTokens: 'optional' };
    expect(parseEvent(launchEvent({ items: [twice, twice] })).targets).toEqual([
      target({ instanceId: instanceId(1), recorded: recorded() }),
    ]);
  });

  test.each([
    ['blanks around it', '  i-0a1b2c3d4e5f60718 ', 'i-0a1b2c3d4e5f60718'],
    ['eight digits of long ago', 'i-0a1b2c3d', 'i-0a1b2c3d'],
    ['capitals, which EC2 does not use,', 'I-0A1B2C3D', 'i-0a1b2c3d'],
  ])('accepts an id with %s', (_, written, read) => {
    const event = launchEvent({ items: [{ instanceId: written, httpTokens: 'optional' }] });
    expect(parseEvent(event).targets.map((each) => each.instanceId)).toEqual([read]);
  });

  test.each([
    '',
    ' ',
    'i-',
    'i-0a1b2c',
    'i-../../x',
    'i-0a1b2c3d;id',
    'r-0a1b2c3d',
    `i-${'0'.repeat(33)}`,
    'i-0a1b2c3d\ni-0a1b2c3e',
    'i-٠١٢٣٤٥٦٧',
  ])('reports a problem for the id %j, and reads the others', (bad) => {
    const good = { instanceId: instanceId(1), httpTokens: 'optional' };
    expect(parseEvent(launchEvent({ items: [{ instanceId: bad }, good] }))).toEqual({
      targets: [target({ instanceId: instanceId(1), recorded: recorded() })],
      lookups: [],
      problems: ['an item of responseElements.instancesSet has no usable instanceId'],
    });
  });

  test('reports a problem for an item that is not an object or has no id', () => {
    const { targets, problems } = parseEvent(withItems(null, 'i-0a1b2c3d4e5f60718', 7, [], {}));
    expect(targets).toEqual([]);
    expect(problems).toHaveLength(5);
  });

  test('ignores ids in other parts of the record', () => {
    const item = {
      ...launchedItem({ instanceId: instanceId(1), httpTokens: 'optional' }),
      networkInterfaceSet: { items: [{ attachment: { instanceId: instanceId(99) } }] },
    };
    expect(parseEvent(withItems(item)).targets.map((each) => each.instanceId)).toEqual([instanceId(1)]);
  });

  test('records an exemption tag that the call itself set', () => {
    const tags = { Name: 'x', 'imdsv2:exempt-until': '2026-12-31' };
    expect(parseEvent(launchEvent({ items: [{ httpTokens: 'optional', tags }] })).targets).toEqual([
      target({ recorded: recorded({ grantedByCall: true }) }),
    ]);
    const others = { Name: 'imdsv2:exempt-until', 'imdsv2:exempt-reason': 'x' };
    expect(parseEvent(launchEvent({ items: [{ httpTokens: 'optional', tags: others }] })).targets).toEqual([
      target({ recorded: recorded() }),
    ]);
  });

  test.each<readonly [string, BusEvent]>([
    ['failed', failedLaunchEvent()],
    [
      'failed without responseElements',
      launchEvent({ detail: { errorCode: 'Client.X', responseElements: undefined } }),
    ],
    ['was a dry run', launchEvent({ detail: { errorCode: 'Client.DryRunOperation' } })],
  ])('asks for nothing if the call %s', (_, event) => {
    expect(parseEvent(event)).toEqual(NOTHING);
  });

  test('ignores error codes inside the response', () => {
    const { responseElements } = launchEvent().detail;
    const answer = { ...(responseElements as object), errorSet: { items: [{ errorCode: 'InsufficientCapacity' }] } };
    expect(parseEvent(launchEvent({ detail: { responseElements: answer } })).targets).toHaveLength(1);
  });
});

describe('parseEvent() of a launch without instances asks for a lookup', () => {
  const context: Context = {
    trigger: launch,
    eventId: '7d0b3f52-6c1e-4a58-9f0d-2b6a1c9e8d10',
    occurredAt: new Date('2026-11-22T11:59:20Z'),
    caller: CALLER,
  };
  const lookup = (atLeast: number, clientToken: string | undefined = '5f0c2d1e-7a6b-4c3d-9e8f-a1b2c3d4e5f6') => ({
    targets: [],
    lookups: [{ account: '111122223333', region: 'eu-west-1', clientToken, atLeast, known: [], context }],
    problems: [],
  });
  const request = (counts: readonly unknown[], clientToken?: string) => ({
    requestParameters: { clientToken, instancesSet: { items: counts.map((minCount) => ({ minCount })) } },
    responseElements: OMITTED,
  });

  test.each<readonly [string, BusEvent, ReturnType<typeof lookup>]>([
    ['with the token and the minimum count', largeLaunchEvent(60), lookup(60)],
    ['if responseElements are null', launchEvent({ detail: { responseElements: null } }), lookup(1)],
    ['if responseElements are missing', launchEvent({ detail: { responseElements: undefined } }), lookup(1)],
    ['if the set is empty', launchEvent({ detail: { responseElements: { instancesSet: {} } } }), lookup(1)],
    [
      'if the set has no items',
      launchEvent({ detail: { responseElements: { instancesSet: { items: [] } } } }),
      lookup(1),
    ],
    ['with counts that are texts', launchEvent({ detail: request(['45'], 'token') }), lookup(45, 'token')],
    ['with the largest of several counts', launchEvent({ detail: request([3, 50, 7], 'token') }), lookup(50, 'token')],
    [
      'with invalid counts',
      launchEvent({
        detail: request(['many', null, {}, [9], true, 1.5, 1e300, -4, { toString: 1, valueOf: 1 }], 'token'),
      }),
      lookup(1, 'token'),
    ],
  ])('%s', (_, event, parsed) => {
    expect(parseEvent(event)).toEqual(parsed);
  });

  test('with the instances that an earlier lookup found', () => {
    const known = ['i-0a1b2c3d4e5f60001', 'i-0a1b2c3d4e5f60002'];
    const retried: unknown = JSON.parse(JSON.stringify(withKnown(largeLaunchEvent(60), known)));
    expect(parseEvent(retried).lookups).toMatchObject([{ atLeast: 60, known }]);
  });

  test('with the key that messages of an earlier version have', () => {
    const known = ['i-0a1b2c3d4e5f60001'];
    const queued = { ...largeLaunchEvent(60), 'imdsv2-enforcer:known': known };
    expect(parseEvent(queued).lookups).toMatchObject([{ known }]);
  });

  test('without invalid ids', () => {
    const retried = withKnown(largeLaunchEvent(60), ['i-../../x', 7, null] as never);
    expect(parseEvent(retried).lookups).toMatchObject([{ known: [] }]);
  });

  test.each<readonly [string, unknown]>([
    ['if there is no token', request([2]).requestParameters],
    ['if the request is omitted too', OMITTED],
    ['if there is no request', undefined],
    ['if the token is not a text', { clientToken: 7 }],
  ])('without a token %s', (_, requestParameters) => {
    const [found] = parseEvent(launchEvent({ detail: { requestParameters, responseElements: OMITTED } })).lookups;
    expect(found).toBeDefined();
    expect(found?.clientToken).toBeUndefined();
  });
});

describe('parseEvent() of a running-state event', () => {
  test('has the instance without caller and options', () => {
    expect(parseEvent(runningEvent())).toEqual({ ...NOTHING, targets: [target({ trigger: 'running' })] });
  });

  test('reports a problem for an invalid id', () => {
    expect(parseEvent(runningEvent({ instanceId: 'i-' }))).toEqual({
      ...NOTHING,
      problems: ['detail has no usable instance-id'],
    });
  });
});
