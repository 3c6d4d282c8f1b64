import { type EC2Client, paginateDescribeNatGateways } from '@aws-sdk/client-ec2';
import type { NatGatewayReader } from '../app/ports/index.ts';
import { failing } from './failures.ts';

/** Reads NAT gateways. Needs `ec2:DescribeNatGateways`. */
export const ec2NatGateways = (client: (region: string) => EC2Client): NatGatewayReader => ({
  natGateways: (region) => read(client(region)),
});

async function read(client: EC2Client): Promise<ReadonlyMap<string, string>> {
  const gateways = new Map<string, string>();
  const collect = async () => {
    for await (const { NatGateways = [] } of paginateDescribeNatGateways({ client, pageSize: PAGE }, {})) {
      for (const { NatGatewayId = '', NatGatewayAddresses = [] } of NatGateways)
        for (const { PublicIp } of NatGatewayAddresses)
          if (PublicIp !== undefined) gateways.set(PublicIp, NatGatewayId);
    }
  };
  await failing(collect());
  return gateways;
}

/** The largest page. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html */
const PAGE = 1000;
