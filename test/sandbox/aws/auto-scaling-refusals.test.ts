import {
  DeleteAutoScalingGroupCommand,
  DeleteLaunchConfigurationCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLaunchConfigurationsCommand,
  SetDesiredCapacityCommand,
} from '@aws-sdk/client-auto-scaling';
import { byId, instances, launches, scene } from '../auto-scaling.ts';
import { IMAGE, refusal, stopAll } from '../support.ts';

afterEach(stopAll);

test('a launch configuration cannot be changed, and not be deleted while a group uses it', async () => {
  const { sandbox, groups, create, configure } = await scene();
  const MetadataOptions = { HttpTokens: 'required', HttpPutResponseHopLimit: 2 } as const;
  await configure({ MetadataOptions, IamInstanceProfile: 'web', SecurityGroups: ['sg-0aa'] });
  expect((await refusal(configure({})))[0]).toMatch(/^AlreadyExists/);
  await create('web', { LaunchConfigurationName: 'old', DesiredCapacity: 1 });
  await sandbox.idle();

  expect(instances(sandbox)).toMatchObject([
    { options: MetadataOptions, profileArn: 'arn:aws:iam::111122223333:instance-profile/web' },
  ]);
  expect(launches(sandbox)[0]?.requestParameters).toMatchObject({
    instancesSet: { items: [{ imageId: IMAGE }] },
    clientToken: expect.stringMatching(/_subnet-0aa_1$/) as string,
  });
  const { LaunchConfigurations } = await groups.send(new DescribeLaunchConfigurationsCommand({}));
  expect(LaunchConfigurations).toMatchObject([
    { LaunchConfigurationName: 'old', ImageId: IMAGE, MetadataOptions, SecurityGroups: ['sg-0aa'] },
  ]);
  const remove = () => groups.send(new DeleteLaunchConfigurationCommand({ LaunchConfigurationName: 'old' }));
  expect((await refusal(remove()))[0]).toMatch(/^ResourceInUse/);
  await groups.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: 'web', ForceDelete: true }));
  await remove();
  await sandbox.idle();
  expect(instances(sandbox)).toMatchObject([{ state: 'terminated' }]);
});

test('refusals have the words of Auto Scaling', async () => {
  const { sandbox, groups, create } = await scene();
  await create('web', { ...byId(), DesiredCapacity: 1 });
  await sandbox.idle();
  const scale = (DesiredCapacity: number, AutoScalingGroupName = 'web') =>
    groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));

  await expect(scale(11)).rejects.toThrow('New SetDesiredCapacity value 11 is above max value 10');
  await expect(scale(1, 'ewb')).rejects.toThrow('AutoScalingGroup name not found');
  expect((await refusal(create('web', byId())))[0]).toMatch(/^AlreadyExists/);
  expect(await refusal(create('two', {}))).toEqual(['ValidationError', 400]);
  const missing = { LaunchTemplate: { LaunchTemplateId: 'lt-0ff' } };
  await expect(create('two', missing)).rejects.toThrow('You must use a valid fully-formed launch template.');
  const remove = groups.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: 'web' }));
  expect((await refusal(remove))[0]).toMatch(/^ResourceInUse/);
});

test('pages have 50 items, and at most 100', async () => {
  const { groups, create } = await scene();
  for (let index = 0; index < 120; index++) await create(`web-${index}`, byId());
  const page = async (input: object) => {
    const { AutoScalingGroups, NextToken } = await groups.send(new DescribeAutoScalingGroupsCommand(input));
    return [AutoScalingGroups?.length, NextToken] as const;
  };

  expect((await page({}))[0]).toBe(50);
  const [size, NextToken] = await page({ MaxRecords: 100 });
  expect([size, ...(await page({ MaxRecords: 100, NextToken }))]).toEqual([100, 20, undefined]);
  expect(await refusal(page({ MaxRecords: 101 }))).toEqual(['ValidationError', 400]);
  const AutoScalingGroupNames = Array.from({ length: 51 }, (_, index) => `web-${index}`);
  expect(await refusal(page({ AutoScalingGroupNames }))).toEqual(['ValidationError', 400]);
  expect((await page({ AutoScalingGroupNames, MaxRecords: 100 }))[0]).toBe(51);
});
