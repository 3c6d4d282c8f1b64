import { EC2Client } from '@aws-sdk/client-ec2';
import { readDefaults } from '../../lambda/adapters/ec2-defaults.ts';
import { REGION } from '../support/builders.ts';
import { type Answer, ec2Error, type Loopback, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let ec2: EC2Client;

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  ec2 = new EC2Client({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
});
beforeEach(() => aws.reset());
afterAll(async () => {
  ec2.destroy();
  await aws.close();
});

const answer = (inner: string): Answer => ({
  status: 200,
  body: `<GetInstanceMetadataDefaultsResponse>${inner}</GetInstanceMetadataDefaultsResponse>`,
});

test('readDefaults returns the defaults of the account', async () => {
  aws.prepare(
    'GetInstanceMetadataDefaults',
    answer(`<accountLevel><httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit>
      <managedBy>declarative-policy</managedBy><managedExceptionMessage>ask us</managedExceptionMessage>
      <httpTokensEnforced>enabled</httpTokensEnforced></accountLevel>`),
  );
  expect(await readDefaults(ec2)).toEqual({
    HttpTokens: 'required',
    HttpPutResponseHopLimit: 2,
    HttpTokensEnforced: 'enabled',
    ManagedBy: 'declarative-policy',
    ManagedExceptionMessage: 'ask us',
  });
});

test.each(['<accountLevel/>', ''])('readDefaults returns no values without preferences (%j)', async (inner) => {
  aws.prepare('GetInstanceMetadataDefaults', answer(inner));
  expect(await readDefaults(ec2)).toEqual({});
});

test('readDefaults throws a failure of the kind of the error', async () => {
  aws.prepare('GetInstanceMetadataDefaults', ec2Error('UnauthorizedOperation', 'no', 403));
  await expect(readDefaults(ec2)).rejects.toMatchObject({ name: 'FailureError', kind: 'denied' });
});
