import { EC2Client } from '@aws-sdk/client-ec2';
import { ec2Regions } from '../../lambda/adapters/ec2-regions.ts';
import type { RegionReader } from '../../lambda/app/ports/index.ts';
import { REGION } from '../support/builders.ts';
import { ec2Error, type Loopback, startLoopback } from '../support/loopback.ts';

let aws: Loopback;
let client: EC2Client;
let regions: RegionReader;
const regionsAsked: string[] = [];

beforeAll(async () => {
  aws = await startLoopback();
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  client = new EC2Client({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1 });
  const clientOf = (region: string) => {
    regionsAsked.push(region);
    return client;
  };
  regions = ec2Regions(clientOf, REGION);
});
beforeEach(() => {
  aws.reset();
  regionsAsked.splice(0);
});
afterAll(async () => {
  client.destroy();
  await aws.close();
});

it('returns the enabled regions in order', async () => {
  const items = ['us-east-1', 'eu-west-1', 'ap-south-1'].map((name) => `<item><regionName>${name}</regionName></item>`);
  const body = `<DescribeRegionsResponse><regionInfo>${items.join('')}<item/></regionInfo></DescribeRegionsResponse>`;
  aws.prepare('DescribeRegions', { status: 200, body });

  expect(await regions.enabled()).toEqual(['ap-south-1', 'eu-west-1', 'us-east-1']);

  expect(regionsAsked).toEqual([REGION]);
  // Without `AllRegions`, EC2 returns only enabled regions.
  expect(aws.take()).toMatchObject([{ action: 'DescribeRegions', parameters: {} }]);
});

it('reads the defaults in the region itself', async () => {
  expect(await regions.defaults('us-east-1')).toMatchObject({ HttpTokens: 'required' });
  expect(regionsAsked).toEqual(['us-east-1']);
});

it.each([
  ['UnauthorizedOperation', 403, 'denied'],
  ['RequestLimitExceeded', 503, 'throttled'],
] as const)('%s is a failure of both', async (code, status, kind) => {
  aws.prepare('DescribeRegions', ec2Error(code, 'no', status));
  aws.prepare('GetInstanceMetadataDefaults', ec2Error(code, 'no', status));

  await expect(regions.enabled()).rejects.toMatchObject({ name: 'FailureError', kind });
  await expect(regions.defaults(REGION)).rejects.toMatchObject({ name: 'FailureError', kind });
});
