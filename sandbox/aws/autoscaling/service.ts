import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { describeScalingActivities } from './activities.ts';
import type { Action, AutoScalingContext } from './context.ts';
import { AutoScalingRegion } from './group.ts';
import {
  createAutoScalingGroup,
  deleteAutoScalingGroup,
  describeAutoScalingGroups,
  setDesiredCapacity,
  updateAutoScalingGroup,
} from './groups.ts';
import {
  createLaunchConfiguration,
  deleteLaunchConfiguration,
  describeLaunchConfigurations,
} from './launch-configurations.ts';
import { Scaler } from './scale.ts';

/** The Auto Scaling actions that the product, its tests and its scenarios use. */
export class AutoScalingService implements Service {
  readonly #context: AutoScalingContext;
  readonly #regions = new Map<string, AutoScalingRegion>();
  readonly #actions: Readonly<Record<string, Action>>;

  public constructor(context: AutoScalingContext) {
    this.#context = context;
    const scaler = new Scaler(context);
    this.#actions = {
      CreateAutoScalingGroup: createAutoScalingGroup(scaler),
      UpdateAutoScalingGroup: updateAutoScalingGroup(scaler),
      DeleteAutoScalingGroup: deleteAutoScalingGroup(scaler),
      SetDesiredCapacity: setDesiredCapacity(scaler),
      DescribeAutoScalingGroups: describeAutoScalingGroups(scaler),
      CreateLaunchConfiguration: createLaunchConfiguration,
      DeleteLaunchConfiguration: deleteLaunchConfiguration,
      DescribeLaunchConfigurations: describeLaunchConfigurations,
      DescribeScalingActivities: describeScalingActivities,
    };
  }

  public handle(call: ApiCall): ResponseValue {
    const action = Object.hasOwn(this.#actions, call.action) ? this.#actions[call.action] : undefined;
    if (action === undefined) {
      throw new ApiError('InvalidAction', `The action ${call.action} is not valid for this web service.`);
    }
    const region = this.#regions.get(call.region) ?? new AutoScalingRegion();
    this.#regions.set(call.region, region);
    return action(call, region, this.#context);
  }
}
