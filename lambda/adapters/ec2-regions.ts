import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { RegionReader } from '../app/ports.ts';
import { readDefaults } from './ec2-defaults.ts';
import { failing } from './failures.ts';

/** Knows the regions of the account. Needs `ec2:DescribeRegions` and `ec2:GetInstanceMetadataDefaults`. */
export function ec2Regions(client: (region: string) => EC2Client, homeRegion: string): RegionReader {
  return {
    enabled: async () => {
      // Without `AllRegions` those that are not enabled are left out.
      const { Regions = [] } = await failing(client(homeRegion).send(new DescribeRegionsCommand({})));
      return Regions.flatMap(({ RegionName = [] }) => RegionName).toSorted();
    },
    defaults: (region) => readDefaults(client(region)),
  };
}
