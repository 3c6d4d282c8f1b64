import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  CreateLaunchConfigurationCommand,
  type CreateLaunchConfigurationCommandInput,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import type { Sandbox } from '../../sandbox/index.ts';
import { ec2Of, IMAGE, sandboxOf } from './support.ts';

/** The launch template of a scene. */
export const ID = 'lt-0aa';
/** A reference to it. */
export const byId = (Version?: string) => ({ LaunchTemplate: { LaunchTemplateId: ID, Version } });

/** A sandbox with a launch template `web`, and what a test does with its groups. */
export async function scene() {
  const sandbox = await sandboxOf();
  sandbox.fleet().addLaunchTemplate({
    id: ID,
    name: 'web',
    imageId: IMAGE,
    instanceType: 't3.large',
    options: { HttpTokens: 'optional' },
  });
  const groups = new AutoScalingClient({ ...sandbox.client(), maxAttempts: 1 });
  const create = (AutoScalingGroupName: string, input: Partial<CreateAutoScalingGroupCommandInput>) =>
    groups.send(
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName,
        MinSize: 0,
        MaxSize: 10,
        VPCZoneIdentifier: 'subnet-0aa,subnet-0bb',
        ...input,
      }),
    );
  const scale = async (AutoScalingGroupName: string, DesiredCapacity: number) => {
    await groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));
    await sandbox.idle();
  };
  const describe = async (name: string) => {
    const input = { AutoScalingGroupNames: [name] };
    return (await groups.send(new DescribeAutoScalingGroupsCommand(input))).AutoScalingGroups?.[0];
  };
  const configure = (input: Partial<CreateLaunchConfigurationCommandInput>) =>
    groups.send(
      new CreateLaunchConfigurationCommand({
        LaunchConfigurationName: 'old',
        ImageId: IMAGE,
        InstanceType: 't3.micro',
        ...input,
      }),
    );
  return { sandbox, ec2: ec2Of(sandbox), groups, create, scale, describe, configure };
}

export const instances = (sandbox: Sandbox) => sandbox.fleet().instances();
export const tokens = (sandbox: Sandbox) => instances(sandbox).map(({ options }) => options.HttpTokens);
/** The records of launches. */
export const launches = (sandbox: Sandbox) =>
  sandbox.events.filter(({ detail }) => detail.eventName === 'RunInstances').map(({ detail }) => detail);
