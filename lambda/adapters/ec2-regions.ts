import { DescribeRegionsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { RegionReader } from '../app/ports/index.ts';
import { readDefaults } from './ec2-defaults.ts';
import { failing } from './failures.ts';

/** Reads the account's regions. Needs `ec2:DescribeRegions`, `ec2:GetInstanceMetadataDefaults`. */
export function ec2Regions(client: (region: string) => EC2Client, homeRegion: string): RegionReader {
  return {
    enabled: async () => {
      // Without `AllRegions`, EC2 returns only the regions that are enabled in the account.
      const { Regions = [] } = await failing(client(homeRegion).send(new DescribeRegionsCommand({})));
      return Regions.flatMap(({ RegionName = [] }) => RegionName).toSorted();
    },
    defaults: (region) => readDefaults(client(region)),
  };
}
