import { EC2Client } from '@aws-sdk/client-ec2';
import { ec2Reader, ec2Writer } from '../../lambda/adapters/ec2-instances.ts';
import { context, INSTANCE, instanceId, REGION } from '../support/builders.ts';
import {
  filterValues,
  instanceXml,
  type Loopback,
  modified,
  reservations,
  startLoopback,
} from '../support/loopback.ts';

const [A, B, C] = [instanceId(1), instanceId(2), instanceId(3)];
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

let aws: Loopback;
const clients: EC2Client[] = [];
const client = (region: string): EC2Client => {
  const made = new EC2Client({ region, endpoint: aws.url, credentials, maxAttempts: 1 });
  clients.push(made);
  return made;
};
const reader = ec2Reader(client);
const writer = ec2Writer(client);

beforeAll(async () => {
  aws = await startLoopback();
});
beforeEach(() => aws.reset());
afterEach(() => clients.splice(0).forEach((made) => made.destroy()));
afterAll(() => aws.close());

const idsOf = (snapshots: readonly { readonly instanceId: string }[]) => snapshots.map(({ instanceId: id }) => id);

describe('describe', () => {
  it('uses a filter, so that an unknown id does not fail the call, and includes managed instances', async () => {
    aws.instances.set(A, {}).set(C, {});

    expect(idsOf(await reader.describe('us-east-1', [A, B, C]))).toEqual([A, C]);

    const [call, ...others] = aws.take();
    expect(others).toEqual([]);
    expect(call?.parameters).toEqual({
      'Filter.1.Name': 'instance-id',
      'Filter.1.Value.1': A,
      'Filter.1.Value.2': B,
      'Filter.1.Value.3': C,
      IncludeManagedResources: 'true',
      MaxResults: '1000',
    });
    expect(call?.headers.authorization).toContain('/us-east-1/ec2/aws4_request');
  });

  it('reads all instances of all reservations', async () => {
    aws.prepare('DescribeInstances', reservations([[instanceXml(A), instanceXml(B)], [], [instanceXml(C)]]));

    expect(idsOf(await reader.describe(REGION, [A, B, C]))).toEqual([A, B, C]);
  });

  it('reads all pages, including empty ones', async () => {
    aws.prepare(
      'DescribeInstances',
      reservations([[instanceXml(A)]], 'second'),
      reservations([], 'third'),
      reservations([[instanceXml(B)]]),
    );

    expect(idsOf(await reader.describe(REGION, [A, B]))).toEqual([A, B]);
    expect(aws.take().map(({ parameters }) => parameters.NextToken)).toEqual([undefined, 'second', 'third']);
  });

  it('requests 200 ids per call', async () => {
    const ids = Array.from({ length: 401 }, (_, index) => instanceId(index));
    ids.forEach((id) => aws.instances.set(id, {}));

    const found = await reader.describe(REGION, ids);

    const asked = aws.take().map(({ parameters }) => filterValues(parameters, 'instance-id'));
    expect(asked.map(({ length }) => length).sort()).toEqual([1, 200, 200]);
    expect(new Set(asked.flat())).toEqual(new Set(ids));
    expect(idsOf(found)).toEqual(ids);
  });

  it('makes no call without ids', async () => {
    expect(await reader.describe(REGION, [])).toEqual([]);
    expect(aws.take()).toEqual([]);
  });

  it('throws if one of its calls fails', async () => {
    aws.prepare('DescribeInstances', reservations([[instanceXml(A)]], 'second'), 'reset');

    await expect(reader.describe(REGION, [A])).rejects.toMatchObject({ name: 'FailureError', kind: 'unavailable' });
  });
});

describe('a snapshot', () => {
  const read = async (xml: string) => {
    aws.prepare('DescribeInstances', reservations([[`<item><instanceId>${INSTANCE}</instanceId>${xml}</item>`]]));
    const [snapshot] = await reader.describe(REGION, [INSTANCE]);
    return snapshot;
  };

  it('has what decision and alert need', async () => {
    expect(
      await read(`<instanceState><code>0</code><name>pending</name></instanceState>
        <launchTime>2026-01-02T03:04:05.000Z</launchTime>
        <tagSet><item><key>Name</key><value>web &amp; more</value></item><item><key>empty</key><value/></item>
          <item><key>__proto__</key><value>x</value></item></tagSet>
        <networkInterfaceSet>
          <item><attachment><deviceIndex>1</deviceIndex><attachTime>2026-01-09T00:00:00.000Z</attachTime></attachment></item>
          <item><attachment><deviceIndex>0</deviceIndex><attachTime>2026-01-01T00:00:00.000Z</attachTime></attachment></item>
        </networkInterfaceSet>
        <rootDeviceName>/dev/xvda</rootDeviceName>
        <blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><attachTime>2026-01-05T00:00:00.000Z</attachTime></ebs></item></blockDeviceMapping>
        <operator><managed>true</managed><principal>eks.amazonaws.com</principal></operator>
        <metadataOptions><state>applied</state><httpTokens>optional</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit>
          <httpEndpoint>enabled</httpEndpoint><httpProtocolIpv6>disabled</httpProtocolIpv6>
          <instanceMetadataTags>enabled</instanceMetadataTags></metadataOptions>`),
    ).toEqual({
      instanceId: INSTANCE,
      state: 'pending',
      options: {
        HttpTokens: 'optional',
        HttpEndpoint: 'enabled',
        HttpPutResponseHopLimit: 2,
        HttpProtocolIpv6: 'disabled',
        InstanceMetadataTags: 'enabled',
        State: 'applied',
      },
      awsManaged: true,
      launchTime: new Date('2026-01-02T03:04:05Z'),
      firstLaunch: new Date('2026-01-01T00:00:00Z'),
      tags: new Map([
        ['Name', 'web & more'],
        ['empty', ''],
        ['__proto__', 'x'],
      ]),
    });
  });

  it('takes the first launch from the root volume if there is no primary interface', async () => {
    const snapshot = await read(`<rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping>
      <item><deviceName>/dev/xvdb</deviceName><ebs><attachTime>2026-01-01T00:00:00.000Z</attachTime></ebs></item>
      <item><deviceName>/dev/xvda</deviceName><ebs><attachTime>2026-01-05T00:00:00.000Z</attachTime></ebs></item>
      </blockDeviceMapping><networkInterfaceSet><item><attachment><deviceIndex>1</deviceIndex>
      <attachTime>2026-01-09T00:00:00.000Z</attachTime></attachment></item></networkInterfaceSet>`);

    expect(snapshot?.firstLaunch).toEqual(new Date('2026-01-05T00:00:00Z'));
  });

  it('has what an instance exposes: its profile, its VPC and its addresses', async () => {
    const snapshot = await read(`<vpcId>vpc-1</vpcId><ipAddress>203.0.113.7</ipAddress>
      <iamInstanceProfile><arn>arn:aws:iam::111122223333:instance-profile/web</arn><id>AIPAEXAMPLE</id></iamInstanceProfile>
      <networkInterfaceSet><item><association><publicIp>203.0.113.7</publicIp></association>
      <ipv6AddressesSet><item><ipv6Address>2001:db8::7</ipv6Address></item></ipv6AddressesSet></item>
      <item><association><publicIp>203.0.113.8</publicIp></association></item></networkInterfaceSet>`);

    expect(snapshot).toMatchObject({
      instanceProfile: 'arn:aws:iam::111122223333:instance-profile/web',
      publicAddresses: ['203.0.113.7', '2001:db8::7', '203.0.113.8'],
      vpcId: 'vpc-1',
    });
  });

  it('omits values that EC2 does not report', async () => {
    expect(await read('')).toEqual({
      instanceId: INSTANCE,
      state: '',
      options: {},
      awsManaged: false,
      tags: new Map(),
    });
  });
});

describe('find', () => {
  const launch = context({ occurredAt: new Date('2026-03-01T00:00:30Z') });
  const lookup = { account: '111122223333', region: REGION, atLeast: 1, known: [], context: launch };

  it('searches by client token and reads all pages', async () => {
    aws.prepare('DescribeInstances', reservations([[instanceXml(A)]], 'second'), reservations([[instanceXml(B)]]));

    expect(idsOf(await reader.find({ ...lookup, clientToken: 'token-1' }))).toEqual([A, B]);
    expect(aws.take()[0]?.parameters).toEqual({
      'Filter.1.Name': 'client-token',
      'Filter.1.Value.1': 'token-1',
      IncludeManagedResources: 'true',
      MaxResults: '1000',
    });
  });

  it('searches by launch time without a token, for instances with IMDSv1 enabled', async () => {
    await reader.find(lookup);

    expect(aws.take().map(({ parameters }) => parameters)).toEqual([
      {
        'Filter.1.Name': 'launch-time',
        'Filter.1.Value.1': '2026-02-28T23:59*',
        'Filter.1.Value.2': '2026-03-01T00:00*',
        'Filter.1.Value.3': '2026-03-01T00:01*',
        'Filter.2.Name': 'metadata-options.http-tokens',
        'Filter.2.Value.1': 'optional',
        IncludeManagedResources: 'true',
        MaxResults: '1000',
      },
    ]);
  });
});

describe('requireTokens', () => {
  it('sends the id, HttpTokens and HttpEndpoint, and nothing else', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());

    expect(await writer.requireTokens('us-east-1', INSTANCE)).toEqual({
      HttpTokens: 'required',
      HttpEndpoint: 'enabled',
      HttpPutResponseHopLimit: 1,
      State: 'pending',
    });
    const [call, ...others] = aws.take();
    expect(others).toEqual([]);
    expect(call?.parameters).toEqual({ InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled' });
    expect(call?.headers.authorization).toContain('/us-east-1/ec2/aws4_request');
  });

  it('throws a failure if EC2 refuses', async () => {
    await expect(writer.requireTokens(REGION, INSTANCE)).rejects.toMatchObject({
      name: 'FailureError',
      kind: 'not-visible',
      message: `InvalidInstanceID.NotFound: The instance ID '${INSTANCE}' does not exist`,
    });
  });
});
