/** Describes all instances of regions with the SDK alone: the lower bound of an audit. */
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import pMap from 'p-map';
import { REGIONS_AT_ONCE } from '../cli/audit/read.ts';

let instances = 0;
await pMap(
  process.argv.slice(2),
  async (region) => {
    const client = new EC2Client({ region });
    let NextToken: string | undefined;
    do {
      const command = new DescribeInstancesCommand({ IncludeManagedResources: true, MaxResults: 1000, NextToken });
      const page = await client.send(command);
      for (const { Instances = [] } of page.Reservations ?? []) instances += Instances.length;
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  },
  { concurrency: REGIONS_AT_ONCE },
);
console.log(`${instances} instances`);
