import { EC2Client } from '@aws-sdk/client-ec2';
import { ec2AllowingWriter, ec2ExemptionWriter, ec2HopLimitWriter } from '../../lambda/adapters/ec2-manual-changes.ts';
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

describe('tokens required, with a hop limit', () => {
  const writer = ec2HopLimitWriter(client);

  it('is one call with nothing else in it', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());

    expect(await writer.requireTokensWithin(REGION, INSTANCE, 2)).toMatchObject({ HttpTokens: 'required' });
    expect(parameters()).toEqual([
      [
        'ModifyInstanceMetadataOptions',
        { InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: '2' },
      ],
    ]);
  });

  it('without one is the call of the function', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());
    await writer.requireTokens(REGION, INSTANCE);

    expect(parameters()).toEqual([
      ['ModifyInstanceMetadataOptions', { InstanceId: INSTANCE, HttpTokens: 'required', HttpEndpoint: 'enabled' }],
    ]);
  });
});

describe('IMDSv1 allowed again', () => {
  const writer = ec2AllowingWriter(client);

  it('is one call about the tokens', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', modified());
    await writer.allow(REGION, INSTANCE);

    expect(parameters()).toEqual([
      ['ModifyInstanceMetadataOptions', { InstanceId: INSTANCE, HttpTokens: 'optional', HttpEndpoint: 'enabled' }],
    ]);
  });

  it('is tried dry first, and the error that means yes is no error', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', ec2Error('DryRunOperation', 'would have succeeded', 412));

    await expect(writer.mayAllow(REGION, INSTANCE)).resolves.toBeUndefined();
    expect(parameters()).toEqual([
      [
        'ModifyInstanceMetadataOptions',
        { InstanceId: INSTANCE, HttpTokens: 'optional', HttpEndpoint: 'enabled', DryRun: 'true' },
      ],
    ]);
  });

  it('any other error is one', async () => {
    aws.prepare('ModifyInstanceMetadataOptions', ec2Error('UnauthorizedOperation', 'no', 403));

    await expect(writer.mayAllow(REGION, INSTANCE)).rejects.toMatchObject({ kind: 'denied' });
  });

  it('depends on the defaults of the account', async () => {
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

describe('exemptions', () => {
  const writer = ec2ExemptionWriter(client);

  it('are granted to all instances, with both tags, in one call', async () => {
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

  it('are revoked whatever their tags say', async () => {
    aws.prepare('DeleteTags', answer('DeleteTags', '<return>true</return>'));
    await writer.revoke(REGION, [INSTANCE]);

    expect(parameters()).toEqual([
      [
        'DeleteTags',
        { 'ResourceId.1': INSTANCE, 'Tag.1.Key': 'imdsv2:exempt-until', 'Tag.2.Key': 'imdsv2:exempt-reason' },
      ],
    ]);
  });

  it.each(['CreateTags', 'DeleteTags'])('%s that is refused is a failure', async (action) => {
    aws.prepare(action, ec2Error('UnauthorizedOperation', 'no', 403));
    const call =
      action === 'CreateTags' ? writer.grant(REGION, [INSTANCE], 'x', 'y') : writer.revoke(REGION, [INSTANCE]);

    await expect(call).rejects.toMatchObject({ kind: 'denied' });
  });
});
