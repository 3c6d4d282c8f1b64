import type { Origin } from './launch-source.ts';
import { defang } from './text.ts';

/** A time in UTC, to the second. */
export const iso = (date: Date): string => date.toISOString().replace(/\.\d+/, '');

/** Where an instance comes from, for people. */
export function describeOrigin(origin: Origin): string {
  const { launchTemplateId, launchTemplateVersion, stackName, stackLogicalId, eksCluster, eksNodegroup } = origin;
  const parts = [
    origin.autoScalingGroup && `Auto Scaling group ${origin.autoScalingGroup}`,
    launchTemplateId && `launch template ${launchTemplateId} version ${launchTemplateVersion ?? '?'}`,
    origin.fleetId && `fleet ${origin.fleetId}`,
    stackName && `CloudFormation stack ${stackName}${stackLogicalId ? ` (${stackLogicalId})` : ''}`,
    eksCluster && `EKS cluster ${eksCluster}${eksNodegroup ? `, node group ${eksNodegroup}` : ''}`,
    origin.beanstalkEnvironment && `Beanstalk environment ${origin.beanstalkEnvironment}`,
  ];
  return (
    parts
      .filter((part) => part !== undefined && part !== '')
      .map((part) => defang(String(part)))
      .join(', ') || 'no tag of a launching service'
  );
}
