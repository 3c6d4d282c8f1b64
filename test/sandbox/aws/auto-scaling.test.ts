import { DescribeScalingActivitiesCommand, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateVersionCommand,
  ModifyInstanceMetadataDefaultsCommand,
  ModifyLaunchTemplateCommand,
} from '@aws-sdk/client-ec2';
import { byId, ID, instances, launches, scene, tokens } from '../auto-scaling.ts';
import { IMAGE, refusal, stopAll } from '../support.ts';

afterEach(stopAll);

test('a group is described as it was created, with the id and the name of its launch template', async () => {
  const { sandbox, create, describe } = await scene();
  await create('web', {
    LaunchTemplate: { LaunchTemplateName: 'web', Version: '$Latest' },
    DesiredCapacity: 1,
    HealthCheckType: 'ELB',
    Tags: [{ Key: 'team', Value: 'shop', PropagateAtLaunch: true }],
  });
  await sandbox.idle();

  expect(await describe('web')).toMatchObject({
    AutoScalingGroupName: 'web',
    LaunchTemplate: { LaunchTemplateId: ID, LaunchTemplateName: 'web', Version: '$Latest' },
    MinSize: 0,
    MaxSize: 10,
    DesiredCapacity: 1,
    HealthCheckType: 'ELB',
    VPCZoneIdentifier: 'subnet-0aa,subnet-0bb',
    AvailabilityZones: ['us-east-1a'],
    Tags: [{ Key: 'team', Value: 'shop', PropagateAtLaunch: true, ResourceId: 'web' }],
    Instances: [
      {
        InstanceId: instances(sandbox)[0]?.id,
        InstanceType: 't3.large',
        LifecycleState: 'InService',
        HealthStatus: 'Healthy',
        LaunchTemplate: { LaunchTemplateId: ID, Version: '$Latest' },
      },
    ],
  });
});

test('a group launches as the service-linked role of Auto Scaling, and its record has no launch template', async () => {
  const { sandbox, create } = await scene();
  sandbox.callers.serviceControlPolicies.push({ Effect: 'Deny', Action: 'ec2:RunInstances', Resource: '*' });
  const Tags = [
    { Key: 'team', Value: 'shop' },
    { Key: 'internal', Value: 'x', PropagateAtLaunch: false },
  ];
  await create('web', { ...byId(), DesiredCapacity: 2, Tags });
  await sandbox.idle();

  const [instance] = instances(sandbox);
  expect(instances(sandbox)).toHaveLength(2);
  expect(Object.fromEntries(instance?.tags ?? [])).toEqual({
    team: 'shop',
    'aws:autoscaling:groupName': 'web',
    'aws:ec2:fleet-id': expect.stringMatching(/^fleet-/) as string,
    'aws:ec2launchtemplate:id': ID,
    'aws:ec2launchtemplate:version': '1',
  });
  const [record] = launches(sandbox);
  expect(record).toMatchObject({
    sourceIPAddress: 'autoscaling.amazonaws.com',
    userAgent: 'autoscaling.amazonaws.com',
    userIdentity: {
      type: 'AssumedRole',
      arn: 'arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling',
      invokedBy: 'autoscaling.amazonaws.com',
    },
  });
  expect(record?.requestParameters).toEqual({
    availabilityZone: 'us-east-1a',
    blockDeviceMapping: {},
    clientToken: expect.stringMatching(/^fleet-.*-0$/) as string,
    disableApiStop: false,
    disableApiTermination: false,
    instanceType: 't3.large',
    instancesSet: { items: [{ minCount: 2, maxCount: 2 }] },
    monitoring: { enabled: false },
    subnetId: 'subnet-0aa',
  });
});

test('a scale-out uses the version that the reference stands for then', async () => {
  const { sandbox, ec2, create, scale } = await scene();
  const required = { LaunchTemplateData: { MetadataOptions: { HttpTokens: 'required' as const } }, SourceVersion: '1' };
  for (const [name, version] of Object.entries({ latest: '$Latest', usual: '$Default', none: undefined, one: '1' })) {
    await create(name, byId(version));
  }
  await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: ID, ...required }));
  for (const name of ['latest', 'usual', 'none', 'one']) await scale(name, 1);
  expect(tokens(sandbox)).toEqual(['required', 'optional', 'optional', 'optional']);

  await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateId: ID, DefaultVersion: '2' }));
  for (const name of ['latest', 'usual', 'none', 'one']) await scale(name, 2);

  expect(tokens(sandbox).slice(4)).toEqual(['required', 'required', 'required', 'optional']);
});

test('overrides of a mixed instances policy have launch templates and images of their own', async () => {
  const { sandbox, create, describe } = await scene();
  sandbox.fleet().addLaunchTemplate({ id: 'lt-0bb', name: 'arm', imageId: IMAGE, options: { HttpTokens: 'required' } });
  const arm = { LaunchTemplateName: 'arm', Version: '$Latest' };
  const MixedInstancesPolicy = {
    LaunchTemplate: {
      LaunchTemplateSpecification: { LaunchTemplateId: ID },
      Overrides: [
        { InstanceType: 'm5.large', WeightedCapacity: '1' },
        { InstanceType: 'm7g.large', LaunchTemplateSpecification: arm },
      ],
    },
    InstancesDistribution: { OnDemandBaseCapacity: 1 },
  };
  await create('mixed', { MixedInstancesPolicy, DesiredCapacity: 3 });
  await sandbox.idle();

  expect(instances(sandbox).map(({ instanceType, options }) => [instanceType, options.HttpTokens])).toEqual([
    ['m5.large', 'optional'],
    ['m5.large', 'optional'],
    ['m7g.large', 'required'],
  ]);
  const described = (await describe('mixed'))?.MixedInstancesPolicy;
  expect(described).toMatchObject({
    LaunchTemplate: {
      LaunchTemplateSpecification: { LaunchTemplateId: ID, LaunchTemplateName: 'web' },
      Overrides: [
        { InstanceType: 'm5.large', WeightedCapacity: '1' },
        {
          InstanceType: 'm7g.large',
          LaunchTemplateSpecification: { LaunchTemplateId: 'lt-0bb', LaunchTemplateName: 'arm', Version: '$Latest' },
        },
      ],
    },
    InstancesDistribution: { OnDemandBaseCapacity: 1, OnDemandAllocationStrategy: 'prioritized' },
  });
  expect(described?.LaunchTemplate?.LaunchTemplateSpecification).not.toHaveProperty('Version');
});

test('an update keeps what it omits, and another kind of launch source replaces the earlier one', async () => {
  const { groups, create, describe, configure } = await scene();
  await configure({});
  await create('web', { ...byId('1'), HealthCheckType: 'ELB' });
  const update = (input: object) =>
    groups.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'web', ...input }));

  await update({ MaxSize: 5 });
  expect(await describe('web')).toMatchObject({ MaxSize: 5, HealthCheckType: 'ELB', LaunchTemplate: { Version: '1' } });
  await update({ LaunchConfigurationName: 'old' });
  const changed = await describe('web');
  expect(changed).toMatchObject({ LaunchConfigurationName: 'old', HealthCheckType: 'ELB' });
  expect(changed).not.toHaveProperty('LaunchTemplate');
  expect(await refusal(update({ ...byId('2') }))).toEqual(['ValidationError', 400]);
  expect(await refusal(update({ ...byId('1'), LaunchConfigurationName: 'old' }))).toEqual(['ValidationError', 400]);
  expect(await refusal(update({ LaunchConfigurationName: 'new' }))).toEqual(['ValidationError', 400]);
});

test('a launch that enforcement refuses is a failed activity, recorded, and tried again', async () => {
  const { sandbox, ec2, groups, create } = await scene();
  await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokensEnforced: 'enabled' }));
  await create('web', { ...byId(), DesiredCapacity: 1 });
  await sandbox.idle();

  const { Activities = [] } = await groups.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: 'web' }));
  expect(Activities.at(-1)).toMatchObject({
    StatusCode: 'Failed',
    StatusMessage: expect.stringMatching(
      /^You can't launch instances with IMDSv1 because httpTokensEnforced .* Launching EC2 instance failed\.$/,
    ) as string,
  });
  expect(launches(sandbox)[0]).toMatchObject({
    errorCode: 'Client.UnsupportedOperation',
    errorMessage: expect.stringContaining('IMDSv1') as string,
    responseElements: null,
  });
  expect(instances(sandbox)).toEqual([]);
  await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokensEnforced: 'disabled' }));
  await sandbox.clock.sleep(70_000);
  await sandbox.idle();
  expect(instances(sandbox)).toHaveLength(1);
});

test('a smaller capacity terminates the oldest instances', async () => {
  const { sandbox, create, scale, describe } = await scene();
  await create('web', { ...byId(), DesiredCapacity: 3 });
  await sandbox.idle();
  await scale('web', 1);

  expect(instances(sandbox).map(({ state }) => state)).toEqual(['terminated', 'terminated', 'running']);
  expect((await describe('web'))?.Instances).toHaveLength(1);
});
