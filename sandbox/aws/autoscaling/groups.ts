import { Filters } from '../ec2/filters.ts';
import { ApiError } from '../wire/errors.ts';
import { page } from '../wire/pages.ts';
import { flag, list, type Params, text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { type Action, type AutoScalingContext, invalid } from './context.ts';
import type { AutoScalingRegion, Group } from './group.ts';
import type { Scaler } from './scale.ts';
import { checkedSource, formOf, withoutForms } from './sources.ts';

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
const PAGE = { usual: 50, max: 100 };

/** The number of items that a call may return. @throws ApiError if it asks for more than it may. */
export function pageSize(params: Params, { usual, max }: { readonly usual: number; readonly max: number }): number {
  const size = Number(text(params, 'MaxRecords') ?? usual);
  if (size >= 1 && size <= max) return size;
  return invalid(
    `1 validation error detected: Value '${size}' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
  );
}

export const createAutoScalingGroup =
  (scaler: Scaler): Action =>
  ({ params, region: regionName, at }, region, { account, ec2, ids }) => {
    const groupName = text(params, 'AutoScalingGroupName') ?? '';
    if (region.groups.has(groupName)) {
      throw new ApiError(
        'AlreadyExists',
        'AutoScalingGroup by this name already exists - A group with the name exists',
      );
    }
    if (formOf(params) === undefined) invalid('Valid requests must contain a launch template or configuration.');
    if (params.VPCZoneIdentifier === undefined && params.AvailabilityZones === undefined) {
      invalid('At least one Availability Zone or VPC Subnet is required.');
    }
    const DesiredCapacity = text(params, 'DesiredCapacity') ?? text(params, 'MinSize');
    const arn = `arn:aws:autoscaling:${regionName}:${account}:autoScalingGroup:${ids.uuid('group')}:autoScalingGroupName/${groupName}`;
    const properties = { ...params, DesiredCapacity, ...checkedSource(params, region, ec2(regionName)) };
    checkSizes(properties);
    const group = { name: groupName, arn, createdAt: at, properties, members: [], retries: false, deleted: false };
    region.groups.set(groupName, group);
    scaler.schedule(regionName, group, region);
    return undefined;
  };

/** Properties that a request omits are unchanged. Another form of launch source replaces the earlier one. */
export const updateAutoScalingGroup =
  (scaler: Scaler): Action =>
  ({ params, region: regionName }, region, { ec2 }) => {
    const group = find(params, region);
    const source = checkedSource(params, region, ec2(regionName));
    const { properties } = group;
    const changed = { ...(formOf(params) === undefined ? properties : withoutForms(properties)), ...params, ...source };
    // A new minimum or maximum moves the capacity, unless the request sets it.
    const capacity = Number(text(changed, 'DesiredCapacity'));
    const within = Math.min(Math.max(capacity, Number(text(changed, 'MinSize'))), Number(text(changed, 'MaxSize')));
    const resized = params.DesiredCapacity === undefined ? { ...changed, DesiredCapacity: within } : changed;
    checkSizes(resized);
    group.properties = resized;
    scaler.schedule(regionName, group, region);
    return undefined;
  };

export const setDesiredCapacity =
  (scaler: Scaler): Action =>
  ({ params, region: regionName }, region) => {
    const group = find(params, region);
    const desired = Number(text(params, 'DesiredCapacity'));
    const [min, max] = [Number(text(group.properties, 'MinSize')), Number(text(group.properties, 'MaxSize'))];
    const refuse = (side: string, limit: number) =>
      invalid(`New SetDesiredCapacity value ${desired} is ${side} value ${limit} for the AutoScalingGroup.`);
    if (desired > max) refuse('above max', max);
    if (desired < min) refuse('below min', min);
    group.properties = { ...group.properties, DesiredCapacity: desired };
    scaler.schedule(regionName, group, region);
    return undefined;
  };

export const deleteAutoScalingGroup =
  (scaler: Scaler): Action =>
  ({ params, region: regionName }, region) => {
    const group = find(params, region);
    if (scaler.current(regionName, group).length > 0 && !flag(params, 'ForceDelete')) {
      throw new ApiError(
        'ResourceInUse',
        'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
      );
    }
    group.properties = { ...group.properties, MinSize: 0, DesiredCapacity: 0 };
    group.deleted = true;
    region.groups.delete(group.name);
    scaler.schedule(regionName, group, region);
    return undefined;
  };

export const describeAutoScalingGroups =
  (scaler: Scaler): Action =>
  ({ params, region: regionName }, region, context) => {
    const size = pageSize(params, PAGE);
    const names = texts(params, 'AutoScalingGroupNames');
    if (names.length > size) invalid(`You can specify up to ${size} names`);
    const filters = new Filters({ Filter: list(params, 'Filters').map(asEc2Filter) });
    const groups = [...region.groups.values()]
      .filter((group) => names.length === 0 || names.includes(group.name))
      .filter((group) => filters.acceptValues((filter) => tagValues(group, filter)));
    const { items, nextToken } = page(groups, size, text(params, 'NextToken'), 'InvalidNextToken');
    const withInstances = text(params, 'IncludeInstances') !== 'false';
    return {
      AutoScalingGroups: items.map((group) => ({
        ...groupShape(group, regionName, context),
        Instances: withInstances ? instanceShapes(scaler, group, regionName, context) : [],
      })),
      NextToken: nextToken,
    };
  };

const asEc2Filter = (filter: unknown): Params => ({ Name: text(filter, 'Name'), Value: list(filter, 'Values') });

function tagValues({ properties }: Group, filter: string): (string | undefined)[] {
  const tags = list(properties, 'Tags');
  if (filter === 'tag-key') return tags.map((tag) => text(tag, 'Key'));
  return tags.filter((tag) => filter === `tag:${text(tag, 'Key') ?? ''}`).map((tag) => text(tag, 'Value'));
}

function find(params: Params, { groups }: AutoScalingRegion): Group {
  const group = groups.get(text(params, 'AutoScalingGroupName') ?? '');
  return group ?? invalid('AutoScalingGroup name not found - AutoScalingGroup not found');
}

function checkSizes(properties: Params): void {
  const [min, desired, max] = ['MinSize', 'DesiredCapacity', 'MaxSize'].map((name) => Number(text(properties, name)));
  if (min === undefined || desired === undefined || max === undefined) return;
  if (!(max >= min)) invalid('Max bound must be greater than or equal to min bound');
  if (!(desired >= min && desired <= max)) {
    invalid(`Desired capacity:${desired} must be between the specified min size:${min} and max size:${max}`);
  }
}

/** What only requests have. */
const NOT_DESCRIBED = new Set(['AutoScalingGroupName', 'Tags', 'InstanceId', 'HonorCooldown']);

function groupShape(group: Group, region: string, { account }: AutoScalingContext) {
  const stored = Object.entries(group.properties).filter(([name]) => !NOT_DESCRIBED.has(name));
  return {
    DefaultCooldown: 300,
    AvailabilityZones: [`${region}a`],
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: 0,
    LoadBalancerNames: [],
    TargetGroupARNs: [],
    NewInstancesProtectedFromScaleIn: false,
    TerminationPolicies: ['Default'],
    ServiceLinkedRoleARN: `arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    ...(Object.fromEntries(stored) as Record<string, ResponseValue>),
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: group.arn,
    CreatedTime: new Date(group.createdAt),
    SuspendedProcesses: [],
    EnabledMetrics: [],
    Tags: list(group.properties, 'Tags').map((tag) => ({
      ResourceId: group.name,
      ResourceType: 'auto-scaling-group',
      Key: text(tag, 'Key'),
      Value: text(tag, 'Value') ?? '',
      PropagateAtLaunch: text(tag, 'PropagateAtLaunch') ?? 'true',
    })),
  };
}

function instanceShapes(scaler: Scaler, group: Group, region: string, { ec2 }: AutoScalingContext): ResponseValue[] {
  return scaler.current(region, group).map(({ id, source }) => {
    const instance = ec2(region).get(id);
    return {
      InstanceId: id,
      InstanceType: instance?.instanceType,
      AvailabilityZone: `${region}a`,
      LifecycleState: instance?.state === 'running' ? 'InService' : 'Pending',
      HealthStatus: 'Healthy',
      ProtectedFromScaleIn: false,
      ...(source as Record<string, ResponseValue>),
    };
  });
}
