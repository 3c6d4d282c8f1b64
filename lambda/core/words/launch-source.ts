import type { LaunchSource, LaunchSourceKind } from '../launch-source.ts';
import { KINDS_BY_USER_TAGS, launchSourceGroupOf } from '../launch-source-group.ts';
import { defang } from '../text.ts';

/** Labels of launch sources, by kind. */
export const LAUNCH_SOURCE_LABELS: Readonly<Record<LaunchSourceKind, string>> = {
  'beanstalk-environment': 'Beanstalk environment',
  'eks-nodegroup': 'EKS node group',
  'karpenter-node-class': 'Karpenter node class',
  'batch-compute-environment': 'AWS Batch compute environment',
  'emr-cluster': 'EMR cluster',
  parallelcluster: 'AWS ParallelCluster',
  'image-builder': 'EC2 Image Builder',
  packer: 'Packer build',
  'cloudformation-stack': 'CloudFormation stack',
  'ecs-cluster': 'ECS cluster',
  'eks-self-managed': 'Self-managed EKS nodes',
  'spot-fleet': 'Spot Fleet request',
  'auto-scaling-group': 'Auto Scaling group',
  'launch-template': 'Launch template',
  none: 'No launch source tag',
};

/** A launch source with its name, if it has one. */
export const launchSourceLabel = ({
  kind,
  name,
}: {
  readonly kind: LaunchSourceKind;
  readonly name: string;
}): string => (name === '' ? LAUNCH_SOURCE_LABELS[kind] : `${LAUNCH_SOURCE_LABELS[kind]} ${name}`);

/** Everything that is known about a launch source, for plain text: names are sanitized. */
export function describeLaunchSource(launchSource: LaunchSource): string {
  const { launchTemplateId, launchTemplateVersion, stackName, stackLogicalId, eksCluster, eksNodegroup } = launchSource;
  const { karpenterNodeClass, karpenterNodePool, batchComputeEnvironment } = launchSource;
  const parts = [
    launchSource.autoScalingGroup && `Auto Scaling group ${launchSource.autoScalingGroup}`,
    launchTemplateId && `launch template ${launchTemplateId} version ${launchTemplateVersion ?? '?'}`,
    launchSource.fleetId && `fleet ${launchSource.fleetId}`,
    stackName && `CloudFormation stack ${stackName}${stackLogicalId ? ` (${stackLogicalId})` : ''}`,
    eksCluster && `EKS cluster ${eksCluster}${eksNodegroup ? `, node group ${eksNodegroup}` : ''}`,
    launchSource.beanstalkEnvironment && `Beanstalk environment ${launchSource.beanstalkEnvironment}`,
    launchSource.spotFleetRequestId && `Spot Fleet request ${launchSource.spotFleetRequestId}`,
    karpenterNodeClass && `Karpenter node class ${karpenterNodeClass}`,
    karpenterNodePool && `Karpenter node pool ${karpenterNodePool}`,
    launchSource.ecsCluster === undefined ? '' : `ECS cluster ${launchSource.ecsCluster}`.trim(),
    batchComputeEnvironment === undefined ? '' : `AWS Batch compute environment ${batchComputeEnvironment}`.trim(),
    launchSource.emrCluster && `EMR cluster ${launchSource.emrCluster}`,
    launchSource.parallelCluster && `AWS ParallelCluster ${launchSource.parallelCluster}`,
    launchSource.imageBuilder && `EC2 Image Builder ${launchSource.imageBuilder}`,
    launchSource.packer && 'Packer build',
  ];
  const text = parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => defang(String(part)))
    .join(', ');
  if (text === '') return 'launched directly (no tag names a launch source)';
  return KINDS_BY_USER_TAGS.includes(launchSourceGroupOf(launchSource).kind)
    ? `${text} (by tags that users can set)`
    : text;
}
