import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeNatGatewaysCommand, EC2Client } from '@aws-sdk/client-ec2';
import { type Sandbox, startSandbox } from '../../../sandbox/index.ts';

const ID = 'i-0a1b2c3d4e5f60718';
const DAY = 86_400_000;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

const client = () => new CloudTrailClient({ ...sandbox.client(), maxAttempts: 1 });
const lookUp = (NextToken?: string) =>
  client().send(
    new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'Username', AttributeValue: ID }], NextToken }),
  );
const ago = (milliseconds: number) => new Date(sandbox.clock.now() - milliseconds);
const call = { userAgent: 'curl/7.61.1', service: 'ec2', action: 'DescribeTags' };

it('has the calls of software, by role session, newest first in pages of 50', async () => {
  const { software } = sandbox;
  software.add(ID, { ...call, at: ago(DAY), sourceIp: '10.0.0.1', vpcEndpointId: 'vpce-0aa' });
  software.add(ID, { ...call, at: ago(2 * DAY), delivery: '2.0' }, { times: 50 });
  software.add('i-0b1b2c3d4e5f60718', { ...call, at: ago(DAY) });
  const first = await lookUp();
  const second = await lookUp(first.NextToken);
  expect([first.Events?.length, second.Events?.length, second.NextToken]).toEqual([50, 1, undefined]);
  const records = [...(first.Events ?? []), ...(second.Events ?? [])].map(
    ({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent) as object,
  );
  expect(records[0]).toMatchObject({
    userIdentity: {
      type: 'AssumedRole',
      arn: `arn:aws:sts::111122223333:assumed-role/App/${ID}`,
      sessionContext: { ec2RoleDelivery: '1.0' },
    },
    eventSource: 'ec2.amazonaws.com',
    sourceIPAddress: '10.0.0.1',
    vpcEndpointId: 'vpce-0aa',
    userAgent: 'curl/7.61.1',
  });
  expect(records.at(-1)).toMatchObject({ userIdentity: { sessionContext: { ec2RoleDelivery: '2.0' } } });
});

it('does not have calls of the last five minutes, nor those that are older than 90 days', async () => {
  sandbox.software.add(ID, { ...call, at: ago(4 * 60_000) });
  sandbox.software.add(ID, { ...call, at: ago(91 * DAY) });
  expect((await lookUp()).Events).toEqual([]);
});

it('throttles more than two lookups a second', async () => {
  const results = await Promise.allSettled([lookUp(), lookUp(), lookUp()]);
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  expect(refused).toMatchObject([{ name: 'ThrottlingException', message: 'Rate exceeded' }]);
});

it('has NAT gateways with their public address', async () => {
  const id = sandbox.fleet().addNatGateway('192.0.2.4');
  const { NatGateways } = await new EC2Client(sandbox.client()).send(new DescribeNatGatewaysCommand({}));
  expect(NatGateways).toMatchObject([{ NatGatewayId: id, NatGatewayAddresses: [{ PublicIp: '192.0.2.4' }] }]);
});
