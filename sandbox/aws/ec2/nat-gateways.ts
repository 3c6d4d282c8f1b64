import type { Action } from './context.ts';
import { Filters } from './filters.ts';
import { pageOf } from './pages.ts';
import { vpcOf } from './shape.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html */
export const describeNatGateways: Action = ({ params }, { name, natGateways }) => {
  new Filters(params).check(() => false);
  const { items, nextToken } = pageOf(natGateways, params);
  const natGatewaySet = items.map(({ id, publicIp }) => ({
    natGatewayId: id,
    vpcId: vpcOf(name),
    state: 'available',
    connectivityType: 'public',
    natGatewayAddressSet: [{ publicIp, privateIp: '10.0.0.4', status: 'succeeded', isPrimary: true }],
    tagSet: [],
  }));
  return { natGatewaySet, nextToken };
};
