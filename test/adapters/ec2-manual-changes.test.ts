import { EC2Client } from '@aws-sdk/client-ec2';
import { ec2RollbackWriter, ec2ExemptionWriter, ec2HopLimitWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
import { INSTANCE, instanceId, REGION } from '../support/builders.ts';
import { type Answer, ec2Error, type Loopback, modified, startLoopback } from '../support/loopback.ts';

const OTHER = instanceId(2);
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

let aws: Loopback;
const clients: EC2Client[] = [];
const client = (region: string): EC2Client => {
  const made = new EC2Client({ region, endpoint: aws.url, credentials, maxAttempts: 1 });
  clients.push(made);
  return made;
};

beforeAll(async () => {
  aws = await startLoopback();
});
beforeEach(() => aws.reset());
afterEach(() => clients.splice(0).forEach((made) => made.destroy()));
afterAll(() => aws.close());

const parameters = () => aws.take().map((call) => [call.action, call.parameters]);
const answer = (action: string, content: string): Answer => ({
  status: 200,
  body: `<${action}Response>${content}</${action}Response>`,
});

describe('ec2HopLimitWriter', () => {
  const writer = ec2HopLimitWriter(client);

  it('requires tokens and sets the hop limit in one call', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());

    expect(await writer.requireTokensWithin(REGION, INSTANCE, 2)).toMatchObject({ HttpTokens: 'required' });
    expect(parameters()).toEqual([
      [
        'ModifyInstanceMetadataOptions',
        { InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: '2' },
      ],
    ]);
  });

  it('makes the same call as the function without a hop limit', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());
    await writer.requireTokens(REGION, INSTANCE);

    expect(parameters()).toEqual([
      ['ModifyInstanceMetadataOptions', { InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled' }],
    ]);
  });
});

describe('ec2RollbackWriter', () => {
  const writer = ec2RollbackWriter(client);

  it('makes tokens optional and changes nothing else', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());
    await writer.allow(REGION, INSTANCE);

    expect(parameters()).toEqual([
      ['ModifyInstanceMetadataOptions', { InstanceId: INSTANCE, HttpTokens: 'optional', HttpEndpoint: 'enabled' }],
    ]);
  });

  it('checks permission by a dry run', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', ec2Error('DryRunOperation', 'would have succeeded', 412));

    await expect(writer.checkAllowed(REGION, INSTANCE)).resolves.toBeUndefined();
    expect(parameters()).toEqual([
      [
        'ModifyInstanceMetadataOptions',
        { InstanceId: INSTANCE, HttpTokens: 'optional', HttpEndpoint: 'enabled', DryRun: 'true' },
      ],
    ]);
  });

  it('throws if EC2 answers the dry run with success, because it may have made the change', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());

    await expect(writer.checkAllowed(REGION, INSTANCE)).rejects.toThrow(
      `a dry run with success, so IMDSv1 may now be enabled on ${INSTANCE}: see imdsv2 explain ${INSTANCE} --region`,
    );
  });

  it('throws if the dry run is denied', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', ec2Error('UnauthorizedOperation', 'no', 403));

    await expect(writer.checkAllowed(REGION, INSTANCE)).rejects.toMatchObject({ kind: 'denied' });
  });

  it('reads the defaults of the account', async () => {
    const level = '<httpTokensEnforced>enabled</httpTokensEnforced><managedBy>declarative-policy</managedBy>';
    aws.prepare(
      'GetInstanceMetadataDefaults',
      answer('GetInstanceMetadataDefaults', `<accountLevel>${level}</accountLevel>`),
    );

    expect(await writer.defaults(REGION)).toMatchObject({
      HttpTokensEnforced: 'enabled',
      ManagedBy: 'declarative-policy',
    });
  });
});

describe('ec2ExemptionWriter', () => {
  const writer = ec2ExemptionWriter(client);

  it('grants an exemption to all instances, with both tags, in one call', async () => {
    aws.prepare('CreateTags', answer('CreateTags', '<return>true</return>'));
    await writer.grant(REGION, [INSTANCE, OTHER], '2026-12-31', 'agent X');

    expect(parameters()).toEqual([
      [
        'CreateTags',
        {
          'ResourceId.1': INSTANCE,
          'ResourceId.2': OTHER,
          'Tag.1.Key': 'imdsv2:exempt-until',
          'Tag.1.Value': '2026-12-31',
          'Tag.2.Key': 'imdsv2:exempt-reason',
          'Tag.2.Value': 'agent X',
        },
      ],
    ]);
  });

  it('removes the tags whatever their values', async () => {
    aws.prepare('DeleteTags', answer('DeleteTags', '<return>true</return>'));
    await writer.revoke(REGION, [INSTANCE]);

    expect(parameters()).toEqual([
      [
        'DeleteTags',
        { 'ResourceId.1': INSTANCE, 'Tag.1.Key': 'imdsv2:exempt-until', 'Tag.2.Key': 'imdsv2:exempt-reason' },
      ],
    ]);
  });

  it.each(['CreateTags', 'DeleteTags'])('throws a failure if %s is refused', async (action) => {
    aws.prepare(action, ec2Error('UnauthorizedOperation', 'no', 403));
    const call =
      action === 'CreateTags' ? writer.grant(REGION, [INSTANCE], 'x', 'y') : writer.revoke(REGION, [INSTANCE]);

    await expect(call).rejects.toMatchObject({ kind: 'denied' });
  });
});
