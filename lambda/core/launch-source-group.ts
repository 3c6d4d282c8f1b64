import type { LaunchSource, LaunchSourceKind } from './launch-source.ts';
import { clean } from './text.ts';

/** The launch source of an instance: what has to change so that new instances require IMDSv2. */
export interface LaunchSourceGroup {
  readonly kind: LaunchSourceKind;
  /** Name for display; `''` if no tag names a launch source. */
  readonly name: string;
  /** Equal for two instances of a Region if and only if they have the same launch source. */
  readonly key: string;
}

/** The kinds whose tags users can set, so that a launch source may be claimed by a tag. */
export const KINDS_BY_USER_TAGS: readonly LaunchSourceKind[] = [
  'beanstalk-environment',
  'eks-nodegroup',
  'karpenter-node-class',
  'parallelcluster',
  'image-builder',
  'packer',
  'eks-self-managed',
];

/** The group of a launch source within its Region: its most specific owner. */
export function launchSourceGroupOf(launchSource: LaunchSource): LaunchSourceGroup {
  const { beanstalkEnvironmentId, eksNodegroup, eksCluster, karpenterNodeClass, karpenterNodePool } = launchSource;
  const { batchComputeEnvironment, emrCluster, parallelCluster, imageBuilder, packer } = launchSource;
  const { stackName, ecsCluster, spotFleetRequestId, autoScalingGroup, launchTemplateId } = launchSource;
  if (beanstalkEnvironmentId !== undefined) {
    const { beanstalkEnvironment = beanstalkEnvironmentId } = launchSource;
    return group('beanstalk-environment', clean(beanstalkEnvironment), beanstalkEnvironmentId);
  }
  if (eksNodegroup !== undefined)
    return group('eks-nodegroup', path(eksCluster, eksNodegroup), eksCluster, eksNodegroup);
  const karpenter = karpenterNodeClass ?? karpenterNodePool;
  if (karpenter !== undefined) {
    return group(
      'karpenter-node-class',
      path(eksCluster, karpenter),
      eksCluster,
      karpenterNodeClass,
      karpenterNodePool,
    );
  }
  if (batchComputeEnvironment !== undefined) {
    const name = batchComputeEnvironment || autoScalingGroup;
    return group('batch-compute-environment', path(name), batchComputeEnvironment, autoScalingGroup);
  }
  if (emrCluster !== undefined) return group('emr-cluster', clean(emrCluster), emrCluster);
  if (parallelCluster !== undefined) return group('parallelcluster', clean(parallelCluster), parallelCluster);
  if (imageBuilder !== undefined) return group('image-builder', clean(imageBuilder), imageBuilder);
  if (packer !== undefined) return group('packer', '');
  if (stackName !== undefined) return group('cloudformation-stack', clean(stackName), stackName);
  if (ecsCluster !== undefined) {
    return group('ecs-cluster', path(ecsCluster || autoScalingGroup), ecsCluster, autoScalingGroup);
  }
  if (eksCluster !== undefined && autoScalingGroup !== undefined) {
    return group('eks-self-managed', path(eksCluster, autoScalingGroup), eksCluster, autoScalingGroup);
  }
  if (spotFleetRequestId !== undefined) return group('spot-fleet', clean(spotFleetRequestId), spotFleetRequestId);
  if (launchTemplateId !== undefined) {
    const { launchTemplateVersion = '$Default' } = launchSource;
    const template = `${clean(launchTemplateId)} version ${clean(launchTemplateVersion)}`;
    const parts = [launchTemplateId, launchTemplateVersion];
    return autoScalingGroup === undefined
      ? group('launch-template', template, ...parts)
      : group(
          'auto-scaling-group',
          `${clean(autoScalingGroup)}, launch template ${template}`,
          autoScalingGroup,
          ...parts,
        );
  }
  if (autoScalingGroup !== undefined) return group('auto-scaling-group', clean(autoScalingGroup), autoScalingGroup);
  return group('none', '');
}

/**
 * A key that is equal for instances of a Region that run the same software; `undefined` if no tag says so. A stack has
 * different resources, and so does a person who launches by hand.
 */
export function fleetKeyOf(launchSource: LaunchSource): string | undefined {
  const { kind, key } = launchSourceGroupOf(launchSource);
  const { autoScalingGroup, stackLogicalId } = launchSource;
  if (autoScalingGroup !== undefined) return JSON.stringify(['group', autoScalingGroup]);
  if (kind === 'none' || kind === 'packer') return undefined;
  return kind === 'cloudformation-stack' ? JSON.stringify([key, stackLogicalId]) : key;
}

const path = (...parts: readonly (string | undefined)[]): string =>
  parts.flatMap((part) => (part === undefined || part === '' ? [] : [clean(part)])).join('/');

const group = (kind: LaunchSourceKind, name: string, ...parts: readonly (string | undefined)[]): LaunchSourceGroup => ({
  kind,
  name,
  key: JSON.stringify([kind, ...parts]),
});
