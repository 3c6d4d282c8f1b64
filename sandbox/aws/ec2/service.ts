import type { Caller } from '../simulation/callers.ts';
import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { flag, type Params } from '../wire/params.ts';
import { authorize, namedInstances } from './authorize.ts';
import type { Action, Ec2Context } from './context.ts';
import { describeBucket, describeInstances } from './describe.ts';
import { DRY_RUN, runInstances } from './launch.ts';
import {
  getInstanceMetadataDefaults,
  modifyInstanceMetadataDefaults,
  modifyInstanceMetadataOptions,
} from './modify.ts';
import { startInstances, stopInstances, terminateInstances } from './power.ts';
import { createFleet, describeFleets } from './fleet-requests.ts';
import { describeImages } from './images.ts';
import { describeNatGateways } from './nat-gateways.ts';
import type { Ec2Region } from './region.ts';
import { describeRegions } from './regions.ts';
import type { Shape } from './shape.ts';
import {
  describeSpotFleetRequests,
  describeSpotInstanceRequests,
  requestSpotFleet,
  requestSpotInstances,
} from './spot.ts';
import {
  createLaunchTemplate,
  createLaunchTemplateVersion,
  deleteLaunchTemplate,
  deleteLaunchTemplateVersions,
  modifyLaunchTemplate,
} from './templates/change.ts';
import { describeLaunchTemplates, describeLaunchTemplateVersions } from './templates/describe.ts';
import { createTags, deleteTags, describeTags } from './tags.ts';

const ACTIONS: Readonly<Record<string, Action>> = {
  RunInstances: runInstances,
  StartInstances: startInstances,
  StopInstances: stopInstances,
  TerminateInstances: terminateInstances,
  DescribeInstances: describeInstances,
  ModifyInstanceMetadataOptions: modifyInstanceMetadataOptions,
  ModifyInstanceMetadataDefaults: modifyInstanceMetadataDefaults,
  GetInstanceMetadataDefaults: getInstanceMetadataDefaults,
  CreateTags: createTags,
  DeleteTags: deleteTags,
  DescribeTags: describeTags,
  DescribeRegions: describeRegions,
  DescribeNatGateways: describeNatGateways,
  DescribeImages: describeImages,
  CreateLaunchTemplate: createLaunchTemplate,
  CreateLaunchTemplateVersion: createLaunchTemplateVersion,
  ModifyLaunchTemplate: modifyLaunchTemplate,
  DeleteLaunchTemplate: deleteLaunchTemplate,
  DeleteLaunchTemplateVersions: deleteLaunchTemplateVersions,
  DescribeLaunchTemplates: describeLaunchTemplates,
  DescribeLaunchTemplateVersions: describeLaunchTemplateVersions,
  CreateFleet: createFleet,
  DescribeFleets: describeFleets,
  RequestSpotInstances: requestSpotInstances,
  DescribeSpotInstanceRequests: describeSpotInstanceRequests,
  RequestSpotFleet: requestSpotFleet,
  DescribeSpotFleetRequests: describeSpotFleetRequests,
};

/** The EC2 actions that the product, its tests and its scenarios use. */
export class Ec2Service implements Service {
  readonly #regions: ReadonlyMap<string, Ec2Region>;
  readonly #context: Ec2Context;

  public constructor(regions: ReadonlyMap<string, Ec2Region>, context: Ec2Context) {
    this.#regions = regions;
    this.#context = context;
  }

  public handle(call: ApiCall): Shape {
    const action = Object.hasOwn(ACTIONS, call.action) ? ACTIONS[call.action] : undefined;
    const region = this.#regions.get(call.region);
    if (action === undefined || region === undefined) {
      throw new ApiError('InvalidAction', `The action ${call.action} is not valid for this web service.`);
    }
    const { recorder } = this.#context;
    try {
      region.buckets.take(describeBucket(call.action, call.params), call.at);
      authorize(call, region, this.#context);
      // For a launch, the dry run validates the parameters first.
      if (flag(call.params, 'DryRun') && action !== runInstances) {
        region.find(namedInstances(call), call.at);
        throw new ApiError('DryRunOperation', DRY_RUN, 412);
      }
      const answer = action(call, region, { ...this.#context, launch: (...made) => this.#launch(call, ...made) });
      recorder.call(call, answer);
      return answer;
    } catch (error) {
      if (error instanceof ApiError) recorder.failedCall(call, error);
      throw error;
    }
  }

  /** Launches that another call brings about. */
  #launch(call: ApiCall, params: Params, caller: Caller): Shape {
    const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
    const requestId = this.#context.ids.uuid('request');
    return this.handle({ ...call, action: 'RunInstances', params: given, caller, requestId });
  }
}
