import type { Context } from '../../lambda/core/target.ts';
import { parseEvent } from '../../lambda/triggers/index.ts';
import { target } from '../support/builders.ts';
import { type BusEvent, driftEvent, flatDriftEvent, OMITTED } from '../support/events.ts';

const NOTHING = { targets: [], lookups: [], problems: [] };

describe('parseEvent() of drift', () => {
  const drifted = (expected: Context['recorded']) => ({
    targets: [target({ trigger: 'drift', recorded: expected })],
    lookups: [],
    problems: [],
  });
  const BOTH = { HttpTokens: 'optional', HttpEndpoint: 'enabled', requested: 'optional-tokens' } as const;
  const ENDPOINT = { HttpEndpoint: 'enabled', requested: 'enabled-endpoint' } as const;
  const OTHERS = { HttpEndpoint: 'enabled', requested: 'other-options' } as const;
  test.each<readonly [string, BusEvent, Context['recorded']]>([
    ['reads a wrapped request in capitals', driftEvent(), BOTH],
    [
      'reads tokens alone',
      driftEvent({ request: { HttpTokens: 'optional' } }),
      { HttpTokens: 'optional', requested: 'optional-tokens' },
    ],
    ['reads the endpoint alone', driftEvent({ request: { HttpEndpoint: 'enabled' } }), ENDPOINT],
    [
      'reads the endpoint beside a hop limit (1a)',
      driftEvent({ request: { HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 } }),
      OTHERS,
    ],
    [
      'reads the endpoint beside IPv6 (1b)',
      driftEvent({ request: { HttpEndpoint: 'enabled', HttpProtocolIpv6: 'enabled' } }),
      OTHERS,
    ],
    [
      'reads all options (1c)',
      driftEvent({ request: { HttpTokens: 'optional', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1 } }),
      BOTH,
    ],
    ['reads the plain form', flatDriftEvent({ httpTokens: 'optional', httpEndpoint: 'enabled' }), BOTH],
    ['reads the endpoint alone in the plain form', flatDriftEvent({ httpEndpoint: 'enabled' }), ENDPOINT],
    [
      'reads the endpoint beside a hop limit in the plain form',
      flatDriftEvent({ httpEndpoint: 'enabled', httpPutResponseHopLimit: 2 }),
      OTHERS,
    ],
    ['reads an id with blanks around it', driftEvent({ instanceId: ' i-0a1b2c3d4e5f60718' }), BOTH],
    ['reads a record without responseElements', driftEvent({ detail: { responseElements: null } }), BOTH],
  ])('%s', (_, event, expected) => {
    expect(parseEvent(event)).toEqual(drifted(expected));
  });

  test('asks for nothing if the call failed', () => {
    expect(parseEvent(driftEvent({ detail: { errorCode: 'Client.UnauthorizedOperation' } }))).toEqual(NOTHING);
  });

  test.each<readonly [string, BusEvent]>([
    [
      'without an id',
      driftEvent({
        detail: { requestParameters: { ModifyInstanceMetadataOptionsRequest: { HttpTokens: 'optional' } } },
      }),
    ],
    ['with an invalid id', driftEvent({ instanceId: 'i-../../x' })],
    ['without a request', driftEvent({ detail: { requestParameters: null } })],
    ['with an omitted request', driftEvent({ detail: { requestParameters: OMITTED } })],
  ])('reports a problem %s', (_, event) => {
    expect(parseEvent(event)).toEqual({ ...NOTHING, problems: ['requestParameters has no usable InstanceId'] });
  });
});
