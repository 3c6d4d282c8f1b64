import {
  DescribeSpotFleetRequestsResponse$,
  DescribeSpotInstanceRequestsResult$,
  RequestSpotFleetRequest$,
  RequestSpotInstancesRequest$,
  RequestSpotInstancesResult$,
} from '@aws-sdk/client-ec2';
import { ApiError } from '../wire/errors.ts';
import { fromRequest, toResponse } from '../wire/model.ts';
import { at, list, type Params, text, texts } from '../wire/params.ts';
import type { Action, LaunchContext } from './context.ts';
import { Filters } from './filters.ts';
import { once } from './once.ts';
import { pageOf } from './pages.ts';

const PAGE = { min: 1, max: 1000, whole: false };

/**
 * Requests spot instances, which launch at once.
 *
 * Their launch specification has no metadata options.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotInstances.html
 */
export const requestSpotInstances: Action = once(({ params, at: now }, region, context) => {
  const request = fromRequest(params, RequestSpotInstancesRequest$);
  const count = Number(text(request, 'InstanceCount') ?? 1);
  const requests = Array.from({ length: count }, () => ({
    SpotInstanceRequestId: `sir-${context.ids.hex('spot-request', 8)}`,
    Type: text(request, 'Type') ?? 'one-time',
    CreateTime: new Date(now),
    LaunchSpecification: request.LaunchSpecification,
    ProductDescription: 'Linux/UNIX',
    ...outcomeOf(launchSpot(request.LaunchSpecification, context)),
  }));
  region.spotRequests.push(...requests);
  return toResponse({ SpotInstanceRequests: requests }, RequestSpotInstancesResult$);
});

/** How a request says that it launched, or that EC2 refused. The status of a refusal by enforcement is not documented. */
function outcomeOf(launched: string | ApiError): Params {
  if (launched instanceof ApiError) {
    return { State: 'failed', Status: { Code: 'bad-parameters', Message: launched.message } };
  }
  return { State: 'active', Status: { Code: 'fulfilled' }, InstanceId: launched };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotInstanceRequests.html */
export const describeSpotInstanceRequests: Action = ({ params }, { spotRequests }) => {
  const ids = texts(params, 'SpotInstanceRequestId');
  const filters = new Filters(params).check((name) => Object.hasOwn(FILTERS, name));
  const matching = spotRequests
    .filter((request) => ids.length === 0 || ids.includes(text(request, 'SpotInstanceRequestId') ?? ''))
    .filter((request) => filters.acceptValues((name) => [text(request, ...(FILTERS[name] ?? []))]));
  const { items, nextToken } = pageOf(matching, params, PAGE);
  return toResponse({ SpotInstanceRequests: items, NextToken: nextToken }, DescribeSpotInstanceRequestsResult$);
};

const FILTERS: Readonly<Record<string, readonly string[]>> = {
  state: ['State'],
  type: ['Type'],
  'launch.image-id': ['LaunchSpecification', 'ImageId'],
};

/**
 * Requests a spot fleet, which launches from its first launch specification or launch template.
 *
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotFleet.html
 */
export const requestSpotFleet: Action = ({ params, at: now }, region, context) => {
  const { SpotFleetRequestConfig } = fromRequest(params, RequestSpotFleetRequest$);
  const SpotFleetRequestId = `sfr-${context.ids.uuid('spot-fleet')}`;
  const specification = list(SpotFleetRequestConfig, 'LaunchSpecifications')[0] ?? {};
  const template = at(list(SpotFleetRequestConfig, 'LaunchTemplateConfigs')[0], 'LaunchTemplateSpecification');
  if (template !== undefined) region.templates.resolve(template);
  const count = Number(text(SpotFleetRequestConfig, 'TargetCapacity') ?? 0);
  const launched = Array.from({ length: count }, () => launchSpot(specification, context, template));
  const isRefused = launched.some((result) => result instanceof ApiError);
  region.spotFleetRequests.push({
    SpotFleetRequestId,
    SpotFleetRequestConfig,
    SpotFleetRequestState: 'active',
    ActivityStatus: isRefused ? 'error' : 'fulfilled',
    CreateTime: new Date(now),
  });
  return { spotFleetRequestId: SpotFleetRequestId };
};

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotFleetRequests.html */
export const describeSpotFleetRequests: Action = ({ params }, { spotFleetRequests }) => {
  const ids = texts(params, 'SpotFleetRequestId');
  const matching = spotFleetRequests.filter(
    (request) => ids.length === 0 || ids.includes(text(request, 'SpotFleetRequestId') ?? ''),
  );
  const { items, nextToken } = pageOf(matching, params, PAGE);
  return toResponse({ SpotFleetRequestConfigs: items, NextToken: nextToken }, DescribeSpotFleetRequestsResponse$);
};

/** Launches a spot instance. @returns its id, or the refusal. */
function launchSpot(specification: unknown, context: LaunchContext, LaunchTemplate?: unknown): string | ApiError {
  const { ImageId, InstanceType, KeyName, SubnetId, IamInstanceProfile } = (specification ?? {}) as Params;
  const params = { ImageId, InstanceType, KeyName, SubnetId, IamInstanceProfile, LaunchTemplate };
  const arn = `arn:aws:sts::${context.account}:assumed-role/AWSServiceRoleForEC2Spot/EC2Spot`;
  try {
    const answer = context.launch(
      { ...params, MinCount: '1', MaxCount: '1' },
      { arn, invokedBy: 'spot.amazonaws.com' },
    );
    return text(list(answer, 'instancesSet')[0], 'instanceId') ?? '';
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}
