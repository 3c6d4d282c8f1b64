import type { LaunchSource, LaunchSourceKind } from '../launch-source.ts';
import { defang } from '../text.ts';

/** Labels of launch sources, by kind. */
export const LAUNCH_SOURCE_LABELS: Readonly<Record<LaunchSourceKind, string>> = {
  'beanstalk-environment': 'Beanstalk environment',
  'eks-nodegroup': 'EKS node group',
  'auto-scaling-group': 'Auto Scaling group',
  'launch-template': 'Launch template',
  'cloudformation-stack': 'CloudFormation stack',
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
  const parts = [
    launchSource.autoScalingGroup && `Auto Scaling group ${launchSource.autoScalingGroup}`,
    launchTemplateId && `launch template ${launchTemplateId} version ${launchTemplateVersion ?? '?'}`,
    launchSource.fleetId && `fleet ${launchSource.fleetId}`,
    stackName && `CloudFormation stack ${stackName}${stackLogicalId ? ` (${stackLogicalId})` : ''}`,
    eksCluster && `EKS cluster ${eksCluster}${eksNodegroup ? `, node group ${eksNodegroup}` : ''}`,
    launchSource.beanstalkEnvironment && `Beanstalk environment ${launchSource.beanstalkEnvironment}`,
  ];
  return (
    parts
      .filter((part) => part !== undefined && part !== '')
      .map((part) => defang(String(part)))
      .join(', ') || 'launched directly (no Auto Scaling, CloudFormation, EKS or Beanstalk tag)'
  );
}
