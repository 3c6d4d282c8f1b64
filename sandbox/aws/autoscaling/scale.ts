import { ApiError, ConnectionReset } from '../wire/errors.ts';
import { list, type Params, text } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import type { AutoScalingContext } from './context.ts';
import type { AutoScalingRegion, Group, Member } from './group.ts';
import { type LaunchRequest, requestsOf, tagsOf } from './launch.ts';

/** The access key of Auto Scaling's service-linked role. */
export const AUTO_SCALING_KEY = 'ASIAAUTOSCALING';

const SERVICE = 'autoscaling.amazonaws.com';

/** Auto Scaling as the caller of EC2. */
export const autoScalingCaller = (account: string) => ({
  arn: `arn:aws:sts::${account}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling`,
  invokedBy: SERVICE,
});

/** Until Auto Scaling reacts to a change of the capacity, and until it tries a failed launch again. AWS documents neither. */
const REACTION_MS = 1_000;
const RETRY_MS = 60_000;

/** Starts and terminates instances of groups until they have their desired capacity. */
export class Scaler {
  readonly #context: AutoScalingContext;

  public constructor(context: AutoScalingContext) {
    this.#context = context;
  }

  /** Adjusts a group a moment later. */
  public schedule(regionName: string, group: Group, region: AutoScalingRegion): void {
    const { clock, run } = this.#context;
    const what = `group ${group.name} to scale`;
    clock.after(REACTION_MS, () => run(what, () => this.#adjust(regionName, group, region)), what);
  }

  /** The instances of a group that are not terminated. */
  public current(regionName: string, group: Group): readonly Member[] {
    const ec2 = this.#context.ec2(regionName);
    const isGone = (id: string) => /^(shutting-down|terminated)$/.test(ec2.get(id)?.state ?? 'terminated');
    return group.members.filter(({ id }) => !isGone(id));
  }

  async #adjust(regionName: string, group: Group, region: AutoScalingRegion): Promise<void> {
    group.members = this.current(regionName, group);
    const desired = Number(text(group.properties, 'DesiredCapacity'));
    const missing = desired - group.members.length;
    if (missing < 0) await this.#terminate(regionName, group, group.members.slice(0, -missing));
    if (missing <= 0 || group.deleted) return;
    for (const request of requestsOf(group, missing, region, this.#context.ec2(regionName))) {
      await this.#launch(regionName, group, region, request);
    }
    if (group.members.length < desired) this.#retryLater(regionName, group, region);
  }

  /** A retry does not count as in progress, because a launch that is refused is refused again. */
  #retryLater(regionName: string, group: Group, region: AutoScalingRegion): void {
    if (group.retries) return;
    group.retries = true;
    const { clock, run } = this.#context;
    clock.after(RETRY_MS, () => {
      group.retries = false;
      if (!group.deleted) run(`group ${group.name} to try again`, () => this.#adjust(regionName, group, region));
    });
  }

  async #launch(regionName: string, group: Group, region: AutoScalingRegion, request: LaunchRequest): Promise<void> {
    const { ids, clock } = this.#context;
    const startedAt = clock.now();
    const before = group.members.length;
    const unique = ids.uuid('auto-scaling-launch');
    const isFleet = request.params.LaunchTemplate !== undefined;
    const SubnetId = text(group.properties, 'VPCZoneIdentifier')?.split(',')[0]?.trim();
    const count = String(request.count);
    const params = {
      ...request.params,
      MinCount: count,
      MaxCount: count,
      SubnetId,
      Placement: { AvailabilityZone: `${regionName}a` },
      ClientToken: isFleet ? `fleet-${unique}-0` : `${unique}_${SubnetId ?? `${regionName}a`}_${count}`,
      TagSpecification: [{ ResourceType: 'instance', Tag: tagsOf(group, isFleet ? `fleet-${unique}` : undefined) }],
    };
    const answer = await this.#call(regionName, 'RunInstances', params);
    const cause = (index: number) =>
      `At ${clock.iso(startedAt)} an instance was started in response to a difference between desired and actual ` +
      `capacity, increasing the capacity from ${before + index} to ${before + index + 1}.`;
    if (answer instanceof ApiError) {
      const statusMessage = `${answer.message} Launching EC2 instance failed.`;
      this.#record(region, {
        group,
        startedAt,
        statusCode: 'Failed',
        statusMessage,
        description: `Launching a new EC2 instance.  Status Reason: ${statusMessage}`,
        cause: cause(0),
      });
      return;
    }
    for (const [index, instance] of list(answer, 'instancesSet').entries()) {
      const id = text(instance, 'instanceId') ?? '';
      group.members = [...group.members, { id, source: request.source }];
      const description = `Launching a new EC2 instance: ${id}`;
      this.#record(region, { group, startedAt, statusCode: 'Successful', description, cause: cause(index) });
    }
  }

  async #terminate(regionName: string, group: Group, members: readonly Member[]): Promise<void> {
    await this.#call(regionName, 'TerminateInstances', { InstanceId: members.map(({ id }) => id) });
    group.members = group.members.filter((member) => !members.includes(member));
  }

  #record(region: AutoScalingRegion, activity: Omit<AutoScalingRegion['activities'][number], 'id'>): void {
    region.activities.push({ id: this.#context.ids.uuid('activity'), ...activity });
  }

  /** The answer of EC2, or its refusal. */
  async #call(region: string, action: string, params: Params): Promise<ResponseValue | ApiError> {
    const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
    const request = {
      service: 'ec2',
      action,
      region,
      params: given,
      accessKeyId: AUTO_SCALING_KEY,
      userAgent: SERVICE,
    };
    try {
      return (await this.#context.call(request)).result;
    } catch (error) {
      if (error instanceof ApiError) return error;
      if (error instanceof ConnectionReset)
        return new ApiError('InternalError', 'An internal error has occurred.', 500);
      throw error;
    }
  }
}
