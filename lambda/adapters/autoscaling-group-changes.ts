import {
  type AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  type LaunchTemplateSpecification,
  type MixedInstancesPolicy,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { GroupWriter } from '../app/ports/index.ts';
import { FailureError } from '../core/failure.ts';
import type { TemplateReference } from '../core/prevention/inventory.ts';
import { toReference } from './ec2-fleets.ts';
import { failing } from './failures.ts';

/**
 * Moves references of Auto Scaling groups. Needs `autoscaling:DescribeAutoScalingGroups`,
 * `autoscaling:UpdateAutoScalingGroup`; Auto Scaling checks that the caller may launch from the version.
 *
 * The group is read right before, so that what was changed in the meantime is kept.
 */
export function autoScalingGroupWriter(client: (region: string) => AutoScalingClient): GroupWriter {
  return {
    move: async (region, name, versionFor) => {
      const read = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name], IncludeInstances: false });
      const { AutoScalingGroups: [group] = [] } = await failing(client(region).send(read));
      if (group === undefined) throw new FailureError('not-visible', `the group ${name} does not exist`);
      let moved = 0;
      const next = (specification: LaunchTemplateSpecification): LaunchTemplateSpecification => {
        const version = versionFor(toReference(specification));
        if (version !== undefined) moved += 1;
        return named(specification, version);
      };
      const { LaunchTemplate, MixedInstancesPolicy: policy } = group;
      const change = {
        AutoScalingGroupName: name,
        // A group has one of both, and takes one.
        ...(policy
          ? { MixedInstancesPolicy: changedPolicy(policy, next) }
          : LaunchTemplate && { LaunchTemplate: next(LaunchTemplate) }),
      };
      if (moved > 0) await failing(client(region).send(new UpdateAutoScalingGroupCommand(change)));
      return moved;
    },
  };
}

/** The policy with other versions. An update replaces it as a whole, so that all of it is sent again. */
function changedPolicy(
  policy: MixedInstancesPolicy,
  next: (specification: LaunchTemplateSpecification) => LaunchTemplateSpecification,
): MixedInstancesPolicy {
  const { LaunchTemplateSpecification: base, Overrides, ...template } = policy.LaunchTemplate ?? {};
  return {
    ...policy,
    LaunchTemplate: {
      ...template,
      LaunchTemplateSpecification: base && next(base),
      Overrides: Overrides?.map((override) => {
        const { LaunchTemplateSpecification: own } = override;
        return own === undefined ? override : { ...override, LaunchTemplateSpecification: next(own) };
      }),
    },
  };
}

/** Auto Scaling returns id and name, and accepts one of both. */
const named = (
  { LaunchTemplateId, LaunchTemplateName, Version }: LaunchTemplateSpecification,
  version: TemplateReference['version'] = Version,
): LaunchTemplateSpecification => ({
  ...(LaunchTemplateId === undefined ? { LaunchTemplateName } : { LaunchTemplateId }),
  ...(version !== undefined && { Version: version }),
});
