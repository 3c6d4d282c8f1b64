import {
  DescribeInstancesCommand,
  DescribeRegionsCommand,
  type DescribeRegionsCommandInput,
} from '@aws-sdk/client-ec2';
import { ec2Of, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

test('DescribeRegions returns enabled regions, and on request opt-in regions', async () => {
  const ec2 = ec2Of(await sandboxOf({ regions: ['us-east-1', 'eu-south-1'] }));
  const regions = async (input: DescribeRegionsCommandInput = {}) => {
    const { Regions = [] } = await ec2.send(new DescribeRegionsCommand(input));
    return Object.fromEntries(Regions.map(({ RegionName = '', OptInStatus }) => [RegionName, OptInStatus]));
  };
  const status = (...Values: string[]) => ({ Filters: [{ Name: 'opt-in-status', Values }] });
  const enabled = { 'us-east-1': 'opt-in-not-required', 'eu-south-1': 'opted-in' };

  expect(await regions()).toEqual(enabled);
  const all = await regions({ AllRegions: true });
  expect(all).toMatchObject({ ...enabled, 'ap-east-1': 'not-opted-in' });
  expect(await regions({ AllRegions: true, ...status('opt-in-not-required', 'opted-in') })).toEqual(enabled);
  expect(await regions(status('not-opted-in'))).toEqual({});
  expect(await regions({ RegionNames: ['eu-south-1', 'me-south-1'] })).toEqual({
    'eu-south-1': 'opted-in',
    'me-south-1': 'not-opted-in',
  });
  expect(await refusal(ec2.send(new DescribeRegionsCommand({ RegionNames: ['mars-north-1'] })))).toEqual([
    'InvalidParameterValue',
    400,
  ]);
});

test('credentials are unknown in a region that is not enabled', async () => {
  const sandbox = await sandboxOf({ regions: ['us-east-1'] });
  const otherRegion = ec2Of(sandbox, { region: 'me-south-1' });
  expect(await refusal(otherRegion.send(new DescribeInstancesCommand({})))).toEqual(['AuthFailure', 401]);
});
