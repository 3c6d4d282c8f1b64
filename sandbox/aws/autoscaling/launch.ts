import type { Ec2Region } from '../ec2/region.ts';
import { at, list, type Params, text } from '../wire/params.ts';
import type { AutoScalingRegion, Group } from './group.ts';

/** A RunInstances request of a group. */
export interface LaunchRequest {
  /** What the group's description of the new instances names. */
  readonly source: Params;
  readonly count: number;
  readonly params: Params;
}

/**
 * The requests for new instances of a group: one, or one for each override of a mixed instances policy.
 *
 * Which override AWS chooses depends on prices and capacity. Here they take turns.
 */
export function requestsOf(group: Group, count: number, region: AutoScalingRegion, ec2: Ec2Region): LaunchRequest[] {
  const { properties, members } = group;
  const configuration = region.launchConfigurations.get(text(properties, 'LaunchConfigurationName') ?? '');
  if (configuration !== undefined) {
    const { ImageId, InstanceType, KeyName, MetadataOptions } = configuration.properties;
    const profile = text(configuration.properties, 'IamInstanceProfile');
    const IamInstanceProfile = profile === undefined ? undefined : profileOf(profile);
    const source = { LaunchConfigurationName: configuration.name };
    return [{ source, count, params: { ImageId, InstanceType, KeyName, IamInstanceProfile, MetadataOptions } }];
  }
  const policy = at(properties, 'MixedInstancesPolicy', 'LaunchTemplate');
  const overrides = list(policy, 'Overrides');
  const choices = overrides.length > 0 ? overrides : [undefined];
  const counts = choices.map(() => 0);
  for (let index = members.length; index < members.length + count; index++) {
    counts[index % choices.length] = (counts[index % choices.length] ?? 0) + 1;
  }
  return choices.flatMap((override, index) => {
    const times = counts[index] ?? 0;
    if (times === 0) return [];
    const reference =
      at(override, 'LaunchTemplateSpecification') ??
      at(policy, 'LaunchTemplateSpecification') ??
      properties.LaunchTemplate;
    return [{ ...fromTemplate(reference, override, ec2), count: times }];
  });
}

/** As EC2 Fleet does for Auto Scaling, with the instance type in the request. */
function fromTemplate(reference: unknown, override: unknown, ec2: Ec2Region): Pick<LaunchRequest, 'source' | 'params'> {
  const { LaunchTemplateId, LaunchTemplateName, Version = '$Default' } = reference as Params;
  const template = { LaunchTemplateId, LaunchTemplateName, Version };
  const data = ec2.templates
    .all()
    .find(({ id }) => id === LaunchTemplateId)
    ?.resolve(String(Version))?.data;
  return {
    source: { LaunchTemplate: template },
    params: {
      LaunchTemplate: { LaunchTemplateId, Version },
      ImageId: text(override, 'ImageId'),
      InstanceType: text(override, 'InstanceType') ?? text(data, 'InstanceType'),
    },
  };
}

const profileOf = (profile: string): Params => (profile.startsWith('arn:') ? { Arn: profile } : { Name: profile });

/** The tags of new instances. */
export const tagsOf = ({ name, properties }: Group, fleetId: string | undefined): Params[] => [
  ...list(properties, 'Tags')
    .filter((tag) => text(tag, 'PropagateAtLaunch') !== 'false')
    .map((tag) => ({ Key: text(tag, 'Key'), Value: text(tag, 'Value') ?? '' })),
  { Key: 'aws:autoscaling:groupName', Value: name },
  ...(fleetId === undefined ? [] : [{ Key: 'aws:ec2:fleet-id', Value: fleetId }]),
];
