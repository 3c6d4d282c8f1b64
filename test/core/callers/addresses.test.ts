import { type Network, sourceOf } from '../../../lambda/core/callers/addresses.ts';
import { callersOf } from '../../../lambda/core/callers/callers.ts';
import type { RecordedCall } from '../../../lambda/core/callers/calls.ts';
import { INSTANCE, NOW, REGION } from '../../support/builders.ts';

const DAY = 86_400_000;
const call = (over: Partial<RecordedCall> = {}): RecordedCall => ({
  at: NOW,
  service: 'ec2',
  delivery: '1.0',
  userAgent: 'curl/7.61.1',
  sourceAddress: '198.51.100.7',
  ...over,
});
const network: Network = {
  instance: { addresses: ['203.0.113.9', '2001:db8::1'], startedAt: new Date(NOW.getTime() - DAY) },
  natGateways: new Map([['192.0.2.4', 'nat-0aa']]),
};

it.each<readonly [string, Partial<RecordedCall>, Partial<Network>, string]>([
  ['a public address of the instance', { sourceAddress: '203.0.113.9' }, {}, 'instance'],
  ['an IPv6 address of it', { sourceAddress: '2001:DB8::1' }, {}, 'instance'],
  ['a NAT gateway', { sourceAddress: '192.0.2.4' }, {}, 'nat-gateway'],
  [
    'a NAT gateway, of an instance that is gone',
    { sourceAddress: '192.0.2.4' },
    { instance: undefined },
    'nat-gateway',
  ],
  ['a VPC endpoint', { sourceAddress: '10.0.1.5', vpcEndpointId: 'vpce-0aa' }, {}, 'vpc-endpoint'],
  ['a private address', { sourceAddress: '10.0.1.5' }, {}, 'private'],
  ['a shared address', { sourceAddress: '100.64.3.2' }, {}, 'private'],
  ['an IPv6 unique local address', { sourceAddress: 'fd00::2' }, {}, 'private'],
  ['a service', { sourceAddress: 'cloudformation.amazonaws.com' }, {}, 'aws-service'],
  ['AWS Internal', { sourceAddress: 'AWS Internal' }, {}, 'aws-service'],
  ['a record without an address', { sourceAddress: '' }, {}, 'unknown'],
  ['none of them', {}, {}, 'unexplained'],
  ['an IPv6 address that is none of them', { sourceAddress: '2001:db8::2' }, {}, 'unexplained'],
  // What cannot be read must not accuse anyone.
  ['NAT gateways that could not be read', {}, { natGateways: undefined }, 'unknown'],
  ['an instance that is gone', {}, { instance: undefined }, 'unknown'],
  ['a call before the last start', { at: new Date(NOW.getTime() - 2 * DAY) }, {}, 'unknown'],
  ['an instance whose last start is unknown', {}, { instance: { addresses: [] } }, 'unknown'],
])('%s', (_, over, change, kind) => {
  expect(sourceOf(call(over), { ...network, ...change }).kind).toBe(kind);
});

it('groups the calls with credentials of IMDSv1 by software, most calls first', () => {
  const at = (days: number) => new Date(NOW.getTime() - days * DAY);
  const host = { region: REGION, instanceId: INSTANCE };
  const calls = [
    call({ userAgent: 'Boto3/1.9.86 Botocore/1.12.92', at: at(0.1), service: 's3', sourceAddress: '192.0.2.4' }),
    call({ userAgent: 'curl/7.61.1', at: at(0.2) }),
    call({ userAgent: 'aws-cli/2.15.30', delivery: '2.0', at: at(0.3) }),
    call({ userAgent: 'aws-cli/2.15.30', delivery: undefined, at: at(0.4) }),
    call({ userAgent: 'Boto3/1.9.86 Python/2.7 Botocore/1.12.92', at: at(3), sourceAddress: '192.0.2.4' }),
    call({ userAgent: 'Boto3/1.9.86 Python/2.7 Botocore/1.12.92', at: at(2), sourceAddress: '203.0.113.9' }),
  ];
  const [boto, curl, ...others] = callersOf(calls, host, network);
  expect(others).toEqual([]);
  expect(boto).toMatchObject({
    software: { name: 'Boto3', sdk: { name: 'botocore', version: '1.12.92' } },
    calls: 3,
    firstSeen: at(3),
    lastSeen: at(0.1),
    userAgent: 'Boto3/1.9.86 Botocore/1.12.92',
    services: [
      { service: 'ec2', calls: 2 },
      { service: 's3', calls: 1 },
    ],
    sources: [
      { address: '192.0.2.4', kind: 'nat-gateway', id: 'nat-0aa', calls: 2, lastSeen: at(0.1) },
      { address: '203.0.113.9', kind: 'instance', calls: 1, lastSeen: at(2) },
    ],
  });
  expect(curl).toMatchObject({ calls: 1, sources: [{ kind: 'unexplained' }], diagnosis: { kind: 'no-sdk' } });
});
