import {
  CreateFleetCommand,
  DescribeFleetsCommand,
  DescribeSpotFleetRequestsCommand,
  DescribeSpotInstanceRequestsCommand,
  type FleetType,
  ModifyInstanceMetadataDefaultsCommand,
  RequestSpotFleetCommand,
  RequestSpotInstancesCommand,
} from '@aws-sdk/client-ec2';
import { launches, tokens } from '../auto-scaling.ts';
import { ec2Of, IMAGE, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

/** A sandbox with a launch template, and calls that use it. */
async function scene() {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);
  sandbox.fleet().addLaunchTemplate({ id: 'lt-0aa', name: 'web', imageId: IMAGE, options: { HttpTokens: 'optional' } });
  const fleet = (Type: FleetType, LaunchTemplateId = 'lt-0aa') =>
    ec2.send(
      new CreateFleetCommand({
        Type,
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateId, Version: '$Default' },
            Overrides: [{ InstanceType: 'm5.large', SubnetId: 'subnet-0aa' }],
          },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: 2, DefaultTargetCapacityType: 'spot' },
      }),
    );
  const enforce = () => ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokensEnforced: 'enabled' }));
  const spot = () =>
    ec2.send(new RequestSpotInstancesCommand({ LaunchSpecification: { ImageId: IMAGE, InstanceType: 't3.micro' } }));
  return { sandbox, ec2, fleet, enforce, spot };
}

describe('a fleet', () => {
  test('launches from its launch template, an instant one as its caller', async () => {
    const { sandbox, fleet } = await scene();

    const { FleetId, Instances } = await fleet('instant');
    await sandbox.idle();

    expect(tokens(sandbox)).toEqual(['optional', 'optional']);
    expect(Instances?.[0]?.InstanceIds).toEqual(
      sandbox
        .fleet()
        .instances()
        .map(({ id }) => id),
    );
    expect(sandbox.fleet().instances()[0]?.tags.get('aws:ec2:fleet-id')).toBe(FleetId);
    expect(launches(sandbox)).toMatchObject([
      {
        userIdentity: {
          arn: 'arn:aws:sts::111122223333:assumed-role/Developer/dev',
          invokedBy: 'ec2fleet.amazonaws.com',
        },
        requestParameters: { instanceType: 'm5.large', clientToken: `${FleetId ?? ''}-0` },
      },
    ]);
  });

  test('is described as it was requested, an instant one only by its id', async () => {
    const { ec2, fleet } = await scene();
    const { FleetId: instant = '' } = await fleet('instant');
    const { FleetId: maintained = '' } = await fleet('maintain');

    const { Fleets = [] } = await ec2.send(new DescribeFleetsCommand({}));

    expect(Fleets).toMatchObject([
      {
        FleetId: maintained,
        Type: 'maintain',
        FleetState: 'active',
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateId: 'lt-0aa', Version: '$Default' },
            Overrides: [{ InstanceType: 'm5.large', SubnetId: 'subnet-0aa' }],
          },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: 2, DefaultTargetCapacityType: 'spot' },
      },
    ]);
    const { Fleets: named = [] } = await ec2.send(new DescribeFleetsCommand({ FleetIds: [instant] }));
    expect(named).toMatchObject([{ FleetId: instant, Type: 'instant' }]);
    const unknown = ec2.send(new DescribeFleetsCommand({ FleetIds: ['fleet-1'] }));
    expect(await refusal(unknown)).toEqual(['InvalidFleetId.NotFound', 400]);
  });

  test('that enforcement refuses has the error in its answer, and a missing template refuses the call', async () => {
    const { sandbox, fleet, enforce } = await scene();
    await enforce();

    const { Errors, Instances } = await fleet('instant');

    expect(Errors).toMatchObject([{ ErrorCode: 'UnsupportedOperation' }]);
    expect(Instances).toEqual([]);
    expect(await refusal(fleet('instant', 'lt-0ff'))).toEqual(['InvalidLaunchTemplateId.NotFound', 400]);
    await sandbox.idle();
    expect(launches(sandbox)).toMatchObject([{ errorCode: 'Client.UnsupportedOperation' }]);
  });
});

describe('a spot request', () => {
  test('launches with the defaults of the account, because it has no metadata options', async () => {
    const { sandbox, ec2, spot } = await scene();
    await spot();
    await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'required' }));
    await spot();

    expect(tokens(sandbox)).toEqual(['optional', 'required']);
    const { SpotInstanceRequests = [] } = await ec2.send(
      new DescribeSpotInstanceRequestsCommand({ Filters: [{ Name: 'state', Values: ['active'] }] }),
    );
    expect(SpotInstanceRequests).toMatchObject([
      {
        InstanceId: sandbox.fleet().instances()[0]?.id,
        Type: 'one-time',
        LaunchSpecification: { ImageId: IMAGE, InstanceType: 't3.micro' },
      },
      {},
    ]);
  });

  test('fails where enforcement refuses the launch', async () => {
    const { sandbox, enforce, spot } = await scene();
    await enforce();

    expect((await spot()).SpotInstanceRequests).toMatchObject([
      { State: 'failed', Status: { Message: expect.stringContaining('httpTokensEnforced') as string } },
    ]);
    expect(tokens(sandbox)).toEqual([]);
  });
});

test('a spot fleet launches from launch specifications or launch templates', async () => {
  const { sandbox, ec2 } = await scene();
  const request = (config: object) =>
    ec2.send(
      new RequestSpotFleetCommand({
        SpotFleetRequestConfig: { IamFleetRole: 'arn:aws:iam::111122223333:role/fleet', TargetCapacity: 1, ...config },
      }),
    );
  await ec2.send(new ModifyInstanceMetadataDefaultsCommand({ HttpTokens: 'required' }));
  await request({ LaunchSpecifications: [{ ImageId: IMAGE, InstanceType: 't3.micro' }] });
  const LaunchTemplateSpecification = { LaunchTemplateName: 'web', Version: '1' };
  await request({ LaunchTemplateConfigs: [{ LaunchTemplateSpecification }] });

  expect(tokens(sandbox)).toEqual(['required', 'optional']);
  const { SpotFleetRequestConfigs } = await ec2.send(new DescribeSpotFleetRequestsCommand({}));
  expect(SpotFleetRequestConfigs).toMatchObject([
    { SpotFleetRequestConfig: { LaunchSpecifications: [{ ImageId: IMAGE }] } },
    { SpotFleetRequestConfig: { LaunchTemplateConfigs: [{ LaunchTemplateSpecification }] } },
  ]);
});
