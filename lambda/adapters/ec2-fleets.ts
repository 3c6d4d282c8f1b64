import {
  DescribeFleetsCommand,
  DescribeSpotFleetRequestsCommand,
  DescribeSpotInstanceRequestsCommand,
  type EC2Client,
  type FleetLaunchTemplateSpecification,
} from '@aws-sdk/client-ec2';
import type { LaunchSourceReader } from '../app/ports/index.ts';
import type { Launcher, TemplateReference } from '../core/prevention/inventory.ts';
import { tagMap, toSpec } from './ec2-launch-templates.ts';
import { failing } from './failures.ts';

/** The largest page of fleets and of requests. */
const PAGE = 1000;

/**
 * Reads fleets and Spot requests that may launch instances. Needs `ec2:DescribeFleets`, `ec2:DescribeSpotFleetRequests`,
 * `ec2:DescribeSpotInstanceRequests`.
 *
 * A fleet of type `instant` launches once, and EC2 lists it only by its id.
 */
export function ec2Fleets(
  client: (region: string) => EC2Client,
): Pick<LaunchSourceReader, 'fleets' | 'spotFleets' | 'spotRequests'> {
  return {
    fleets: async (region, NextToken) => {
      const Filters = [{ Name: 'fleet-state', Values: ['submitted', 'active', 'modifying'] }];
      const command = new DescribeFleetsCommand({ Filters, MaxResults: PAGE, NextToken });
      const { Fleets = [], NextToken: next } = await failing(client(region).send(command));
      const items = Fleets.filter(({ Type, FleetState }) => launchesAgain(Type, FleetState)).map(
        ({ FleetId = '', Tags, LaunchTemplateConfigs = [] }): Launcher => ({
          kind: 'ec2-fleet',
          name: FleetId,
          tags: tagMap(Tags),
          references: LaunchTemplateConfigs.flatMap(referencesOf),
          specs: [],
        }),
      );
      return { items, next };
    },
    spotFleets: async (region, NextToken) => {
      const command = new DescribeSpotFleetRequestsCommand({ MaxResults: PAGE, NextToken });
      const { SpotFleetRequestConfigs = [], NextToken: next } = await failing(client(region).send(command));
      const items = SpotFleetRequestConfigs.filter(
        ({ SpotFleetRequestState = '', SpotFleetRequestConfig }) =>
          ['submitted', 'active', 'modifying'].includes(SpotFleetRequestState) &&
          launchesAgain(SpotFleetRequestConfig?.Type, SpotFleetRequestState),
      ).map(({ SpotFleetRequestId = '', Tags, SpotFleetRequestConfig }): Launcher => {
        const { LaunchTemplateConfigs = [], LaunchSpecifications = [] } = SpotFleetRequestConfig ?? {};
        return {
          kind: 'spot-fleet',
          name: SpotFleetRequestId,
          tags: tagMap(Tags),
          references: LaunchTemplateConfigs.flatMap(referencesOf),
          specs: LaunchSpecifications.map(toSpec),
        };
      });
      return { items, next };
    },
    spotRequests: async (region, NextToken) => {
      const Filters = [{ Name: 'state', Values: ['open', 'active'] }];
      const command = new DescribeSpotInstanceRequestsCommand({ Filters, MaxResults: PAGE, NextToken });
      const { SpotInstanceRequests = [], NextToken: next } = await failing(client(region).send(command));
      const items = SpotInstanceRequests.filter(({ State, Type }) => State === 'open' || Type === 'persistent').map(
        ({ SpotInstanceRequestId = '', Tags, LaunchSpecification = {} }): Launcher => ({
          kind: 'spot-request',
          name: SpotInstanceRequestId,
          tags: tagMap(Tags),
          references: [],
          specs: [toSpec(LaunchSpecification)],
        }),
      );
      return { items, next };
    },
  };
}

/** A fleet of type `request` replaces nothing: once fulfilled, it launches no more. */
const launchesAgain = (type = 'maintain', state = ''): boolean => type !== 'request' || state === 'submitted';

/** A configuration of a fleet as references, one for each AMI that takes the place of the one in the template. */
function referencesOf({
  LaunchTemplateSpecification,
  Overrides = [],
}: {
  readonly LaunchTemplateSpecification?: FleetLaunchTemplateSpecification;
  readonly Overrides?: readonly { readonly ImageId?: string; readonly InstanceType?: string }[];
}): TemplateReference[] {
  if (LaunchTemplateSpecification === undefined) return [];
  return withImages(toReference(LaunchTemplateSpecification), Overrides);
}

/** A reference for each different AMI of the overrides, or the reference itself. */
export function withImages(
  reference: TemplateReference,
  overrides: readonly { readonly ImageId?: string }[],
): TemplateReference[] {
  const images = new Set(overrides.length === 0 ? [undefined] : overrides.map(({ ImageId }) => ImageId));
  return [...images].map((imageId) => (imageId === undefined ? reference : { ...reference, imageId }));
}

/** A reference to a launch template, of any API. */
export const toReference = ({
  LaunchTemplateId,
  LaunchTemplateName,
  Version,
}: FleetLaunchTemplateSpecification): TemplateReference => ({
  templateId: LaunchTemplateId,
  templateName: LaunchTemplateName,
  version: Version,
});
