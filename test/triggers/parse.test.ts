import { type Context } from '../../lambda/core/target.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { withKnown } from '../../lambda/triggers/launch.ts';
import { CALLER, instanceId, target } from '../support/builders.ts';
import {
  type BusEvent,
  driftEvent,
  failedLaunchEvent,
  flatDriftEvent,
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

describe('launch', () => {
  test('every instance of the answer, each with what the record says of it', () => {
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

  test('a record of the time before metadata options says nothing of them', () => {
    const { targets } = parseEvent(launchEvent({ items: [{}] }));
    expect(targets).toEqual([target({ recorded: { grantedByCall: false } })]);
  });

  test('an id that is there twice is one instance', () => {
    const twice = { instanceId: instanceId(1), httpTokens: 'optional' };
    expect(parseEvent(launchEvent({ items: [twice, twice] })).targets).toEqual([
      target({ instanceId: instanceId(1), recorded: recorded() }),
    ]);
  });

  test.each([
    ['blanks around it', '  i-0a1b2c3d4e5f60718 ', 'i-0a1b2c3d4e5f60718'],
    ['eight digits of long ago', 'i-0a1b2c3d', 'i-0a1b2c3d'],
    ['capitals, which EC2 does not have,', 'I-0A1B2C3D', 'i-0a1b2c3d'],
  ])('an id with %s is an id', (_, written, read) => {
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
  ])('%j among good ids is a problem and costs nobody else', (bad) => {
    const good = { instanceId: instanceId(1), httpTokens: 'optional' };
    expect(parseEvent(launchEvent({ items: [{ instanceId: bad }, good] }))).toEqual({
      targets: [target({ instanceId: instanceId(1), recorded: recorded() })],
      lookups: [],
      problems: ['an item of responseElements.instancesSet has no usable instanceId'],
    });
  });

  test('an item that is no object, or has no id, is a problem', () => {
    const { targets, problems } = parseEvent(withItems(null, 'i-0a1b2c3d4e5f60718', 7, [], {}));
    expect(targets).toEqual([]);
    expect(problems).toHaveLength(5);
  });

  test('ids elsewhere in the record are not looked at', () => {
    const item = {
      ...launchedItem({ instanceId: instanceId(1), httpTokens: 'optional' }),
      networkInterfaceSet: { items: [{ attachment: { instanceId: instanceId(99) } }] },
    };
    expect(parseEvent(withItems(item)).targets.map((each) => each.instanceId)).toEqual([instanceId(1)]);
  });

  test('an exemption tag set by the call itself is noted as self-granted', () => {
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
    ['refused', failedLaunchEvent()],
    [
      'refused, no answer in the record',
      launchEvent({ detail: { errorCode: 'Client.X', responseElements: undefined } }),
    ],
    ['a dry run', launchEvent({ detail: { errorCode: 'Client.DryRunOperation' } })],
  ])('a launch that was %s launched nothing', (_, event) => {
    expect(parseEvent(event)).toEqual(NOTHING);
  });

  test('an error code inside the answer is not the error code of the call', () => {
    const { responseElements } = launchEvent().detail;
    const answer = { ...(responseElements as object), errorSet: { items: [{ errorCode: 'InsufficientCapacity' }] } };
    expect(parseEvent(launchEvent({ detail: { responseElements: answer } })).targets).toHaveLength(1);
  });
});

describe('a launch whose instances CloudTrail left out is to be looked up', () => {
  const context: Context = {
    trigger: 'launch',
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
    ['by its token, with the least count it asked for', largeLaunchEvent(60), lookup(60)],
    ['answer null', launchEvent({ detail: { responseElements: null } }), lookup(1)],
    ['answer absent', launchEvent({ detail: { responseElements: undefined } }), lookup(1)],
    ['an empty set', launchEvent({ detail: { responseElements: { instancesSet: {} } } }), lookup(1)],
    ['a set with no items', launchEvent({ detail: { responseElements: { instancesSet: { items: [] } } } }), lookup(1)],
    ['counts as text', launchEvent({ detail: request(['45'], 'token') }), lookup(45, 'token')],
    ['several counts', launchEvent({ detail: request([3, 50, 7], 'token') }), lookup(50, 'token')],
    [
      'counts that are none',
      launchEvent({
        detail: request(['many', null, {}, [9], true, 1.5, 1e300, -4, { toString: 1, valueOf: 1 }], 'token'),
      }),
      lookup(1, 'token'),
    ],
  ])('%s', (_, event, parsed) => {
    expect(parseEvent(event)).toEqual(parsed);
  });

  test('what an earlier look found is known to the next', () => {
    const known = ['i-0a1b2c3d4e5f60001', 'i-0a1b2c3d4e5f60002'];
    const again: unknown = JSON.parse(JSON.stringify(withKnown(largeLaunchEvent(60), known)));
    expect(parseEvent(again).lookups).toMatchObject([{ atLeast: 60, known }]);
  });

  test('messages that wait while a new version is deployed are still understood', () => {
    const known = ['i-0a1b2c3d4e5f60001'];
    const waiting = { ...largeLaunchEvent(60), 'imdsv2-enforcer:known': known };
    expect(parseEvent(waiting).lookups).toMatchObject([{ known }]);
  });

  test('what cannot be an id is not known', () => {
    const again = withKnown(largeLaunchEvent(60), ['i-../../x', 7, null] as never);
    expect(parseEvent(again).lookups).toMatchObject([{ known: [] }]);
  });

  test.each<readonly [string, unknown]>([
    ['no token', request([2]).requestParameters],
    ['the request left out as well', OMITTED],
    ['no request', undefined],
    ['a token that is no text', { clientToken: 7 }],
  ])('%s: without a token', (_, requestParameters) => {
    const [found] = parseEvent(launchEvent({ detail: { requestParameters, responseElements: OMITTED } })).lookups;
    expect(found).toBeDefined();
    expect(found?.clientToken).toBeUndefined();
  });
});

describe('drift', () => {
  const drifted = (said: Context['recorded']) => ({
    targets: [target({ trigger: 'drift', recorded: said })],
    lookups: [],
    problems: [],
  });
  test.each<readonly [string, BusEvent, Context['recorded']]>([
    ['wrapped and in capitals', driftEvent(), { HttpTokens: 'optional', HttpEndpoint: 'enabled' }],
    ['tokens alone', driftEvent({ request: { HttpTokens: 'optional' } }), { HttpTokens: 'optional' }],
    ['the endpoint alone', driftEvent({ request: { HttpEndpoint: 'enabled' } }), { HttpEndpoint: 'enabled' }],
    [
      'plain',
      flatDriftEvent({ httpTokens: 'optional', httpEndpoint: 'enabled' }),
      { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
    ],
    [
      'blanks around the id',
      driftEvent({ instanceId: ' i-0a1b2c3d4e5f60718' }),
      { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
    ],
    [
      'no answer in the record',
      driftEvent({ detail: { responseElements: null } }),
      { HttpTokens: 'optional', HttpEndpoint: 'enabled' },
    ],
  ])('%s', (_, event, said) => {
    expect(parseEvent(event)).toEqual(drifted(said));
  });

  test('a change that was refused changed nothing', () => {
    expect(parseEvent(driftEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }))).toEqual(NOTHING);
  });

  test.each<readonly [string, BusEvent]>([
    [
      'no id',
      driftEvent({
        detail: { requestParameters: { ModifyInstanceMetadataOptionsRequest: { HttpTokens: 'optional' } } },
      }),
    ],
    ['a bad id', driftEvent({ instanceId: 'i-../../x' })],
    ['no request', driftEvent({ detail: { requestParameters: null } })],
    ['a request left out', driftEvent({ detail: { requestParameters: OMITTED } })],
  ])('%s is a problem', (_, event) => {
    expect(parseEvent(event)).toEqual({ ...NOTHING, problems: ['requestParameters has no usable InstanceId'] });
  });
});

describe('running', () => {
  test('names the instance and neither caller nor options', () => {
    expect(parseEvent(runningEvent())).toEqual({ ...NOTHING, targets: [target({ trigger: 'running' })] });
  });

  test('a bad id is a problem', () => {
    expect(parseEvent(runningEvent({ instanceId: 'i-' }))).toEqual({
      ...NOTHING,
      problems: ['detail has no usable instance-id'],
    });
  });
});
