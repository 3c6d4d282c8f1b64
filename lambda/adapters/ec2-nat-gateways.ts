import { type EC2Client, paginateDescribeNatGateways } from '@aws-sdk/client-ec2';
import { failing } from './failures.ts';

/**
 * The NAT gateways of a region, by public address. Needs `ec2:DescribeNatGateways`.
 *
 * All of them, and not only those of one VPC: a transit gateway can lead to that of another.
 *
 * @throws FailureError
 */
export async function readNatGateways(client: EC2Client): Promise<ReadonlyMap<string, string>> {
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
