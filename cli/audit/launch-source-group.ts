import type { LaunchSource } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';

/** What an instance comes from, in the order in which the advice looks: who has to change something. */
export const LAUNCH_SOURCES_KINDS = [
  'beanstalk-environment',
  'eks-nodegroup',
  'auto-scaling-group',
  'launch-template',
  'cloudformation-stack',
  'none',
] as const;
export type LaunchSourceKind = (typeof LAUNCH_SOURCES_KINDS)[number];

/** Instances of one region that one change keeps from coming up with IMDSv1 again. */
export interface LaunchSourceGroup {
  readonly kind: LaunchSourceKind;
  /** For people; `''` where no service left a tag. */
  readonly name: string;
  /** The same for two instances if, and only if, they belong together. */
  readonly key: string;
}

/** The group of an instance within its region. */
export function launchSourceGroupOf(launchSource: LaunchSource): LaunchSourceGroup {
  const { beanstalkEnvironmentId, eksNodegroup, autoScalingGroup, launchTemplateId, stackName } = launchSource;
  if (beanstalkEnvironmentId !== undefined) {
    const { beanstalkEnvironment = beanstalkEnvironmentId } = launchSource;
    return group('beanstalk-environment', clean(beanstalkEnvironment), beanstalkEnvironmentId);
  }
  if (eksNodegroup !== undefined) {
    const { eksCluster = '' } = launchSource;
    return group(
      'eks-nodegroup',
      clean(eksCluster && `${eksCluster}/`) + clean(eksNodegroup),
      eksCluster,
      eksNodegroup,
    );
  }
  if (launchTemplateId !== undefined) {
    const { launchTemplateVersion = '$Default' } = launchSource;
    const template = `${clean(launchTemplateId)} version ${clean(launchTemplateVersion)}`;
    return autoScalingGroup === undefined
      ? group('launch-template', template, launchTemplateId, launchTemplateVersion)
      : group(
          'auto-scaling-group',
          `${clean(autoScalingGroup)}, launch template ${template}`,
          autoScalingGroup,
          launchTemplateId,
          launchTemplateVersion,
        );
  }
  if (autoScalingGroup !== undefined) return group('auto-scaling-group', clean(autoScalingGroup), autoScalingGroup);
  if (stackName !== undefined) return group('cloudformation-stack', clean(stackName), stackName);
  return group('none', '');
}

const group = (kind: LaunchSourceKind, name: string, ...parts: readonly string[]): LaunchSourceGroup => ({
  kind,
  name,
  key: JSON.stringify([kind, ...parts]),
});
