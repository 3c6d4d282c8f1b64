import type { LaunchSource } from './launch-source.ts';
import { defang } from './text.ts';

/** A time in UTC, to the second. */
export const iso = (date: Date): string => date.toISOString().replace(/\.\d+/, '');

/** Where an instance comes from, for people. */
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
      .join(', ') || 'no tag of a launching service'
  );
}
