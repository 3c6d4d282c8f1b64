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

/** The group of a launch source within its Region. */
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
