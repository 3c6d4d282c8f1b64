import type { Origin } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';

/** What an instance comes from, in the order in which the advice looks: who has to change something. */
export const ORIGIN_KINDS = [
  'beanstalk-environment',
  'eks-nodegroup',
  'auto-scaling-group',
  'launch-template',
  'cloudformation-stack',
  'none',
] as const;
export type OriginKind = (typeof ORIGIN_KINDS)[number];

/** Instances of one region that one change keeps from coming up with IMDSv1 again. */
export interface OriginGroup {
  readonly kind: OriginKind;
  /** For people; `''` where no service left a tag. */
  readonly name: string;
  /** The same for two instances if, and only if, they belong together. */
  readonly key: string;
}

/** The group of an instance within its region. */
export function originGroupOf(origin: Origin): OriginGroup {
  const { beanstalkEnvironmentId, eksNodegroup, autoScalingGroup, launchTemplateId, stackName } = origin;
  if (beanstalkEnvironmentId !== undefined) {
    const { beanstalkEnvironment = beanstalkEnvironmentId } = origin;
    return group('beanstalk-environment', clean(beanstalkEnvironment), beanstalkEnvironmentId);
  }
  if (eksNodegroup !== undefined) {
    const { eksCluster = '' } = origin;
    return group(
      'eks-nodegroup',
      clean(eksCluster && `${eksCluster}/`) + clean(eksNodegroup),
      eksCluster,
      eksNodegroup,
    );
  }
  if (launchTemplateId !== undefined) {
    const { launchTemplateVersion = '$Default' } = origin;
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

const group = (kind: OriginKind, name: string, ...parts: readonly string[]): OriginGroup => ({
  kind,
  name,
  key: JSON.stringify([kind, ...parts]),
});
