import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  CreateLaunchConfigurationCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLaunchConfigurationsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeFleetsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSpotFleetRequestsCommand,
  EC2Client,
  GetInstanceMetadataDefaultsCommand,
  ModifyInstanceMetadataDefaultsCommand,
  type ModifyInstanceMetadataDefaultsCommandInput,
  type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import type { Sandbox } from '../../sandbox/index.ts';

/** An AMI without `ImdsSupport`. */
export const IMAGE = 'ami-0aa11bb22cc33dd44';

/** What a test does with the launch sources of a Region, through the real SDK. */
export function launchSources(sandbox: Sandbox, region = sandbox.homeRegion) {
  const ec2 = new EC2Client({ ...sandbox.client({ region }), maxAttempts: 1 });
  const groups = new AutoScalingClient({ ...sandbox.client({ region }), maxAttempts: 1 });
  return {
    ec2,
    groups,
    /** Creates a template with these versions, and returns its id. */
    template: async (
      name: string,
      versions: readonly RequestLaunchTemplateData[],
      tags: Record<string, string> = {},
    ) => {
      const [first = {}, ...others] = versions;
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const { LaunchTemplate } = await ec2.send(
        new CreateLaunchTemplateCommand({
          LaunchTemplateName: name,
          LaunchTemplateData: first,
          TagSpecifications: Tags.length === 0 ? undefined : [{ ResourceType: 'launch-template', Tags }],
        }),
      );
      const id = LaunchTemplate?.LaunchTemplateId ?? '';
      for (const data of others) {
        await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: id, LaunchTemplateData: data }));
      }
      return id;
    },
    group: (name: string, input: Partial<CreateAutoScalingGroupCommandInput>) =>
      groups.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName: name,
          MinSize: 0,
          MaxSize: 10,
          VPCZoneIdentifier: 'subnet-0aa',
          ...input,
        }),
      ),
    configuration: (name: string, HttpTokens?: 'optional' | 'required') =>
      groups.send(
        new CreateLaunchConfigurationCommand({
          LaunchConfigurationName: name,
          ImageId: IMAGE,
          InstanceType: 't3.micro',
          MetadataOptions: HttpTokens && { HttpTokens },
        }),
      ),
    scale: async (name: string, DesiredCapacity: number) => {
      await groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: name, DesiredCapacity }));
      await sandbox.idle();
    },
    setDefaults: (input: ModifyInstanceMetadataDefaultsCommandInput) =>
      ec2.send(new ModifyInstanceMetadataDefaultsCommand(input)),
    describeGroup: async (name: string) => {
      const command = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] });
      return (await groups.send(command)).AutoScalingGroups?.[0];
    },
    versions: async (LaunchTemplateId: string) =>
      (await ec2.send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId }))).LaunchTemplateVersions ?? [],
    /** Everything that the read calls answer about launch sources. */
    everything: async () => {
      const { LaunchTemplates = [] } = await ec2.send(new DescribeLaunchTemplatesCommand({}));
      const versions = await Promise.all(
        LaunchTemplates.map(async ({ LaunchTemplateId }) => {
          const command = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId });
          return (await ec2.send(command)).LaunchTemplateVersions ?? [];
        }),
      );
      const all = await groups.send(new DescribeAutoScalingGroupsCommand({ MaxRecords: 100 }));
      return {
        templates: LaunchTemplates,
        versions: versions.flat(),
        groups: all.AutoScalingGroups ?? [],
        configurations: (await groups.send(new DescribeLaunchConfigurationsCommand({}))).LaunchConfigurations ?? [],
        fleets: (await ec2.send(new DescribeFleetsCommand({}))).Fleets ?? [],
        spotFleets: (await ec2.send(new DescribeSpotFleetRequestsCommand({}))).SpotFleetRequestConfigs ?? [],
        defaults: (await ec2.send(new GetInstanceMetadataDefaultsCommand({}))).AccountLevel,
      };
    },
  };
}

/** A reference to a version of a template. */
export const reference = (LaunchTemplateId: string, Version?: string) => ({
  LaunchTemplate: { LaunchTemplateId, Version },
});

/** Data of a version that launches with these tokens, or states none. */
export const data = (HttpTokens?: 'optional' | 'required', more: RequestLaunchTemplateData = {}) => ({
  ImageId: IMAGE,
  InstanceType: 't3.micro' as const,
  ...(HttpTokens && { MetadataOptions: { HttpTokens } }),
  ...more,
});

/** 500 templates with a default and another latest version, and 300 groups in pairs of forms. */
export async function manyLaunchSources(sandbox: Sandbox): Promise<void> {
  const aws = launchSources(sandbox);
  const ids = Array.from({ length: 500 }, (_, index) => `lt-${String(index).padStart(17, '0')}`);
  for (const id of ids) {
    for (const HttpTokens of ['optional', 'required', 'required']) {
      sandbox.fleet().addLaunchTemplate({ id, name: `name-${id}`, imageId: IMAGE, options: { HttpTokens } });
    }
  }
  for (let index = 0; index < 300; index += 1) {
    // Every tenth one refers to a version that is neither the default nor the latest.
    const Version = index % 10 === 0 ? '2' : index % 2 === 0 ? '$Latest' : '$Default';
    await aws.group(`group-${index}`, { LaunchTemplate: { LaunchTemplateId: ids[index], Version } });
  }
  aws.ec2.destroy();
  aws.groups.destroy();
}
