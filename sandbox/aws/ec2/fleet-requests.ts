import { CreateFleetRequest$, CreateFleetResult$, DescribeFleetsResult$ } from '@aws-sdk/client-ec2';
import { ApiError } from '../wire/errors.ts';
import { fromRequest, toResponse } from '../wire/model.ts';
import { at, list, type Params, text, texts } from '../wire/params.ts';
import type { Action, LaunchContext } from './context.ts';
import { Filters } from './filters.ts';
import { once } from './once.ts';
import { pageOf } from './pages.ts';

/** A launch of a fleet: what it used, and what came of it. */
interface FleetLaunch {
  readonly LaunchTemplateAndOverrides: Params;
  readonly InstanceIds?: readonly string[];
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

/**
 * Creates a fleet and launches its instances from its first launch template and override.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html
 */
export const createFleet: Action = once(({ params, at: now, caller }, region, context) => {
  const request = fromRequest(params, CreateFleetRequest$);
  const configurations = list(request, 'LaunchTemplateConfigs');
  for (const configuration of configurations) {
    region.templates.resolve(at(configuration, 'LaunchTemplateSpecification'));
  }
  const FleetId = `fleet-${context.ids.uuid('fleet')}`;
  const isInstant = text(request, 'Type') === 'instant';
  const fleetRole = { arn: `arn:aws:sts::${context.account}:assumed-role/AWSServiceRoleForEC2Fleet/EC2Fleet` };
  const launched = launchFrom(configurations[0], request, FleetId, (launch) =>
    // An instant fleet launches as its caller, the others as the service-linked role.
    context.launch(launch, { ...(isInstant ? caller : fleetRole), invokedBy: 'ec2fleet.amazonaws.com' }),
  );
  const isRefused = launched.ErrorCode !== undefined;
  const [Instances, Errors] = isRefused ? [[], [launched]] : [[launched], []];
  region.fleetRequests.push({
    ...request,
    FleetId,
    CreateTime: new Date(now),
    FleetState: 'active',
    ActivityStatus: isRefused ? 'error' : 'fulfilled',
    Type: text(request, 'Type') ?? 'maintain',
    FulfilledCapacity: launched.InstanceIds?.length ?? 0,
    ...(isInstant && { Instances, Errors }),
  });
  return toResponse(isInstant ? { FleetId, Instances, Errors } : { FleetId }, CreateFleetResult$);
});

function launchFrom(
  configuration: unknown,
  request: Params,
  fleetId: string,
  launch: (params: Params) => ReturnType<LaunchContext['launch']>,
): FleetLaunch {
  const LaunchTemplateSpecification = at(configuration, 'LaunchTemplateSpecification');
  const Overrides = list(configuration, 'Overrides')[0];
  const { ImageId, InstanceType, SubnetId, MetadataOptions } = (Overrides ?? {}) as Params;
  const count = text(request, 'TargetCapacitySpecification', 'TotalTargetCapacity') ?? '0';
  const params = {
    LaunchTemplate: LaunchTemplateSpecification,
    ...{ ImageId, InstanceType, SubnetId, MetadataOptions },
    ...{ MinCount: count, MaxCount: count, ClientToken: `${fleetId}-0` },
    TagSpecification: [{ ResourceType: 'instance', Tag: [{ Key: 'aws:ec2:fleet-id', Value: fleetId }] }],
  };
  const LaunchTemplateAndOverrides = { LaunchTemplateSpecification, Overrides };
  try {
    const InstanceIds = list(launch(params), 'instancesSet').map((instance) => text(instance, 'instanceId') ?? '');
    return { LaunchTemplateAndOverrides, InstanceIds };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { LaunchTemplateAndOverrides, ErrorCode: error.code, ErrorMessage: error.message };
  }
}

/**
 * Fleets. An instant one is returned only if its id is given.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFleets.html
 */
export const describeFleets: Action = ({ params }, { fleetRequests }) => {
  const ids = texts(params, 'FleetId');
  const unknown = ids.find((id) => !fleetRequests.some(({ FleetId }) => FleetId === id));
  if (unknown !== undefined) throw new ApiError('InvalidFleetId.NotFound', `The fleet ID '${unknown}' does not exist`);
  const filters = new Filters(params).check((name) => /^(fleet-state|type)$/.test(name));
  const matching = fleetRequests
    .filter((fleet) => (ids.length > 0 ? ids.includes(fleet.FleetId) : fleet.Type !== 'instant'))
    .filter((fleet) => filters.acceptValues((name) => [text(fleet, name === 'type' ? 'Type' : 'FleetState')]));
  const { items, nextToken } = pageOf(matching, params, { min: 1, max: 1000, whole: false });
  return toResponse({ Fleets: items, NextToken: nextToken }, DescribeFleetsResult$);
};
