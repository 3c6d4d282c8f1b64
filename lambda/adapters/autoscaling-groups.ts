import {
  type AutoScalingClient,
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  DescribeLaunchConfigurationsCommand,
} from '@aws-sdk/client-auto-scaling';
import type { LaunchSourceReader } from '../app/ports/index.ts';
import type { Launcher, TemplateReference } from '../core/prevention/inventory.ts';
import { toReference, withImages } from './ec2-fleets.ts';
import { tagMap, toSpec } from './ec2-launch-templates.ts';
import { failing } from './failures.ts';

/** The largest page of groups and of launch configurations. */
const PAGE = 100;

/** Reads Auto Scaling groups. Needs `autoscaling:DescribeAutoScalingGroups`, `autoscaling:DescribeLaunchConfigurations`. */
export function autoScalingGroups(
  client: (region: string) => AutoScalingClient,
): Pick<LaunchSourceReader, 'groups' | 'launchConfigurations'> {
  return {
    groups: async (region, NextToken) => {
      // The instances of a group, hundreds perhaps, are not needed.
      const command = new DescribeAutoScalingGroupsCommand({ MaxRecords: PAGE, NextToken, IncludeInstances: false });
      const { AutoScalingGroups = [], NextToken: next } = await failing(client(region).send(command));
      return { items: AutoScalingGroups.map(toLauncher), next };
    },
    launchConfigurations: async (region, NextToken) => {
      const command = new DescribeLaunchConfigurationsCommand({ MaxRecords: PAGE, NextToken });
      const { LaunchConfigurations = [], NextToken: next } = await failing(client(region).send(command));
      return {
        items: LaunchConfigurations.map(({ LaunchConfigurationName = '', ...spec }) => [
          LaunchConfigurationName,
          toSpec(spec),
        ]),
        next,
      };
    },
  };
}

/** A group in whatever form it names what it launches. */
function toLauncher(group: AutoScalingGroup): Launcher {
  const { AutoScalingGroupName = '', Tags, LaunchConfigurationName, LaunchTemplate } = group;
  return {
    kind: 'auto-scaling-group',
    name: AutoScalingGroupName,
    tags: tagMap(Tags),
    references: [...(LaunchTemplate ? [toReference(LaunchTemplate)] : []), ...policyReferences(group)],
    launchConfiguration: LaunchConfigurationName,
    specs: [],
  };
}

/** The references of a mixed instances policy: its own, and those of overrides with a template of their own. */
function policyReferences({ MixedInstancesPolicy }: AutoScalingGroup): TemplateReference[] {
  const { LaunchTemplateSpecification, Overrides = [] } = MixedInstancesPolicy?.LaunchTemplate ?? {};
  if (LaunchTemplateSpecification === undefined) return [];
  const isPlain = (override: (typeof Overrides)[number]) => override.LaunchTemplateSpecification === undefined;
  return [
    ...withImages(toReference(LaunchTemplateSpecification), Overrides.filter(isPlain)),
    ...Overrides.flatMap((override) => {
      const { LaunchTemplateSpecification: own } = override;
      return own === undefined ? [] : withImages(toReference(own), [override]);
    }),
  ];
}
