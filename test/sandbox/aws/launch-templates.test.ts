import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DeleteLaunchTemplateVersionsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  type DescribeLaunchTemplateVersionsCommandInput,
  type EC2Client,
  ModifyLaunchTemplateCommand,
  type RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { ec2Of, IMAGE, launch, refusal, sandboxOf, stopAll } from '../support.ts';

afterEach(stopAll);

const create = async (ec2: EC2Client, name: string, data: RequestLaunchTemplateData) => {
  const input = { LaunchTemplateName: name, LaunchTemplateData: data };
  const { LaunchTemplate } = await ec2.send(new CreateLaunchTemplateCommand(input));
  return LaunchTemplate?.LaunchTemplateId ?? '';
};

const addVersion = async (ec2: EC2Client, id: string, data: RequestLaunchTemplateData, SourceVersion?: string) => {
  const input = { LaunchTemplateId: id, LaunchTemplateData: data, SourceVersion };
  return (await ec2.send(new CreateLaunchTemplateVersionCommand(input))).LaunchTemplateVersion;
};

const versions = (ec2: EC2Client, input: DescribeLaunchTemplateVersionsCommandInput) =>
  ec2.send(new DescribeLaunchTemplateVersionsCommand(input));

/** Data with a member of every form: texts, numbers, flags, structures, lists, and lists in them. */
const RICH: RequestLaunchTemplateData = {
  ImageId: IMAGE,
  InstanceType: 't3.large',
  EbsOptimized: true,
  UserData: 'IyEvYmluL3No\n',
  KeyName: 'a & b <c>',
  Monitoring: { Enabled: false },
  SecurityGroups: ['default'],
  IamInstanceProfile: { Name: 'web' },
  BlockDeviceMappings: [
    { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, Encrypted: true, SnapshotId: 'snap-0aa' } },
    { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
  ],
  NetworkInterfaces: [
    { DeviceIndex: 0, SubnetId: 'subnet-0aa', Groups: ['sg-0aa', 'sg-0bb'], Ipv6Addresses: [{ Ipv6Address: '::1' }] },
  ],
  TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'web' }] }],
  InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { MaxPrice: '0.1' } },
  LicenseSpecifications: [{ LicenseConfigurationArn: 'arn:aws:license-manager:us-east-1:111122223333:license:a' }],
  MetadataOptions: { HttpTokens: 'optional', HttpPutResponseHopLimit: 3 },
};

test('the data of a version is returned as it was given, and metadata options with a state', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const LaunchTemplateId = await create(ec2, 'rich', RICH);

  const { LaunchTemplateVersions = [] } = await versions(ec2, { LaunchTemplateId });

  expect(LaunchTemplateVersions).toEqual([
    {
      LaunchTemplateId,
      LaunchTemplateName: 'rich',
      VersionNumber: 1,
      CreateTime: expect.any(Date) as Date,
      CreatedBy: 'arn:aws:sts::111122223333:assumed-role/Developer/dev',
      DefaultVersion: true,
      LaunchTemplateData: { ...RICH, MetadataOptions: { State: 'pending', ...RICH.MetadataOptions } },
      Operator: { Managed: false },
    },
  ]);
});

test('a version made from another inherits whole members, but no snapshots of its block devices', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const id = await create(ec2, 'rich', RICH);

  const inherited = await addVersion(ec2, id, { MetadataOptions: { HttpTokens: 'required' } }, '$Latest');
  expect(inherited?.LaunchTemplateData).toEqual({
    ...RICH,
    BlockDeviceMappings: [
      { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 8, Encrypted: true } },
      { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
    ],
    MetadataOptions: { State: 'pending', HttpTokens: 'required' },
  });
  const { BlockDeviceMappings } = RICH;
  const explicit = await addVersion(ec2, id, { BlockDeviceMappings }, '1');
  expect(explicit?.LaunchTemplateData?.BlockDeviceMappings).toEqual(BlockDeviceMappings);
  const bare = await addVersion(ec2, id, { InstanceType: 't3.micro' });
  expect(bare?.LaunchTemplateData).toEqual({ InstanceType: 't3.micro' });
});

test('a new version is the latest at once, and the default one only when it is made so', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const LaunchTemplateId = await create(ec2, 'web', { ImageId: IMAGE });
  await addVersion(ec2, LaunchTemplateId, { InstanceType: 't3.large' }, '1');
  const numbers = async () => {
    const { LaunchTemplates = [] } = await ec2.send(new DescribeLaunchTemplatesCommand({}));
    return LaunchTemplates.map(({ DefaultVersionNumber, LatestVersionNumber }) => [
      DefaultVersionNumber,
      LatestVersionNumber,
    ]);
  };

  expect(await numbers()).toEqual([[1, 2]]);
  await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateId, DefaultVersion: '2' }));
  expect(await numbers()).toEqual([[2, 2]]);
  const deletion = await ec2.send(
    new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['1', '2', '9'] }),
  );
  expect(deletion.SuccessfullyDeletedLaunchTemplateVersions).toMatchObject([{ VersionNumber: 1 }]);
  expect(deletion.UnsuccessfullyDeletedLaunchTemplateVersions).toMatchObject([
    { VersionNumber: 2, ResponseError: { Code: 'unexpectedError' } },
    { VersionNumber: 9, ResponseError: { Code: 'launchTemplateVersionDoesNotExist' } },
  ]);
  await addVersion(ec2, LaunchTemplateId, { ImageId: IMAGE });
  await ec2.send(new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: ['3'] }));
  const next = await addVersion(ec2, LaunchTemplateId, { ImageId: IMAGE });
  expect(next?.VersionNumber).toBe(4);
  await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
  expect(await numbers()).toEqual([]);
});

describe('describing versions', () => {
  test('selects by number, latest and default, by range and by filter', async () => {
    const ec2 = ec2Of(await sandboxOf());
    const LaunchTemplateId = await create(ec2, 'web', { ImageId: IMAGE });
    await addVersion(ec2, LaunchTemplateId, { MetadataOptions: { HttpTokens: 'required' } });
    await addVersion(ec2, LaunchTemplateId, { MetadataOptions: { HttpTokens: 'optional' } });
    const numbers = async (input: DescribeLaunchTemplateVersionsCommandInput) =>
      (await versions(ec2, { LaunchTemplateId, ...input })).LaunchTemplateVersions?.map(
        (version) => version.VersionNumber,
      );

    expect(await numbers({})).toEqual([3, 2, 1]);
    expect(await numbers({ Versions: ['$Default', '2', '1'] })).toEqual([1, 2]);
    expect(await numbers({ MinVersion: '2', MaxVersion: '2' })).toEqual([2]);
    expect(await numbers({ Filters: [{ Name: 'http-tokens', Values: ['required'] }] })).toEqual([2]);
    expect(await numbers({ Filters: [{ Name: 'is-default-version', Values: ['true'] }] })).toEqual([1]);
  });

  test('of all templates returns the latest and the default ones, at most 200 in a page', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    for (let index = 0; index < 150; index++) {
      const id = `lt-0${index.toString(16)}`;
      for (const name of ['a', 'a'])
        sandbox.fleet().addLaunchTemplate({ id, name: `${name}-${index}`, imageId: IMAGE });
    }
    const Versions = ['$Latest', '$Default'];

    const first = await versions(ec2, { Versions });
    const second = await versions(ec2, { Versions, NextToken: first.NextToken, MaxResults: 200 });

    expect([first.LaunchTemplateVersions?.length, second.LaunchTemplateVersions?.length]).toEqual([200, 100]);
    expect(second.NextToken).toBeUndefined();
    expect(await refusal(versions(ec2, { Versions, MaxResults: 201 }))).toEqual(['InvalidParameterValue', 400]);
    expect(await refusal(versions(ec2, { Versions: ['1'] }))).toEqual(['InvalidParameterValue', 400]);
    expect(await refusal(versions(ec2, {}))).toEqual(['InvalidParameterValue', 400]);
  });

  test('resolves an image of a Systems Manager parameter if asked', async () => {
    const ec2 = ec2Of(await sandboxOf());
    const LaunchTemplateId = await create(ec2, 'web', { ImageId: 'resolve:ssm:/golden' });
    const imageOf = async (ResolveAlias?: boolean) =>
      (await versions(ec2, { LaunchTemplateId, ResolveAlias })).LaunchTemplateVersions?.[0]?.LaunchTemplateData
        ?.ImageId;

    expect(await imageOf()).toBe('resolve:ssm:/golden');
    expect(await imageOf(true)).toMatch(/^ami-[0-9a-f]{17}$/);
    expect(await launch(ec2, { ImageId: undefined, LaunchTemplate: { LaunchTemplateId } })).toHaveLength(1);
  });

  test('omits managed templates unless they are asked for', async () => {
    const sandbox = await sandboxOf();
    const ec2 = ec2Of(sandbox);
    sandbox.fleet().addLaunchTemplate({ id: 'lt-0aa', name: 'managed', operator: 'eks.amazonaws.com' });
    const names = async (IncludeManagedResources: boolean) =>
      (await ec2.send(new DescribeLaunchTemplatesCommand({ IncludeManagedResources }))).LaunchTemplates?.map(
        ({ Operator }) => Operator?.Principal,
      );

    expect(await names(false)).toEqual([]);
    expect(await names(true)).toEqual(['eks.amazonaws.com']);
  });
});

test('a retry with the same token creates nothing twice', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const input = { LaunchTemplateName: 'web', LaunchTemplateData: { ImageId: IMAGE }, ClientToken: 'once' };

  const first = await ec2.send(new CreateLaunchTemplateCommand(input));
  const again = await ec2.send(new CreateLaunchTemplateCommand(input));

  expect(again.LaunchTemplate).toEqual(first.LaunchTemplate);
  const other = ec2.send(new CreateLaunchTemplateCommand({ ...input, LaunchTemplateName: 'other' }));
  expect(await refusal(other)).toEqual(['IdempotentParameterMismatch', 400]);
});

test('refusals have the error codes of EC2', async () => {
  const ec2 = ec2Of(await sandboxOf());
  const LaunchTemplateId = await create(ec2, 'web', { ImageId: IMAGE });
  const code = async (call: Promise<unknown>) => (await refusal(call))[0];

  expect(await code(create(ec2, 'web', { ImageId: IMAGE }))).toBe('InvalidLaunchTemplateName.AlreadyExistsException');
  expect(await code(create(ec2, 'a', { ImageId: IMAGE }))).toBe('InvalidLaunchTemplateName.MalformedException');
  expect(await code(addVersion(ec2, LaunchTemplateId, {}))).toBe('MissingParameter');
  const typo = { MetadataOptions: { HttpTokens: 'always' as 'required' } };
  expect(await code(addVersion(ec2, LaunchTemplateId, typo))).toBe('InvalidParameterValue');
  expect(await code(versions(ec2, { LaunchTemplateId: 'lt-0ff' }))).toBe('InvalidLaunchTemplateId.NotFound');
  expect(await code(versions(ec2, { LaunchTemplateId: 'web' }))).toBe('InvalidLaunchTemplateId.Malformed');
  expect(await code(versions(ec2, { LaunchTemplateName: 'ewb' }))).toBe('InvalidLaunchTemplateName.NotFoundException');
  expect(await code(versions(ec2, { LaunchTemplateId, Versions: ['2'] }))).toBe(
    'InvalidLaunchTemplateId.VersionNotFound',
  );
  expect(await code(launch(ec2, { LaunchTemplate: { LaunchTemplateId, LaunchTemplateName: 'web' } }))).toBe(
    'InvalidParameterCombination',
  );
});

test('a launch merges its parameters with those of the version', async () => {
  const sandbox = await sandboxOf();
  const ec2 = ec2Of(sandbox);
  const LaunchTemplateId = await create(ec2, 'rich', RICH);
  await addVersion(ec2, LaunchTemplateId, { MetadataOptions: { HttpTokens: 'required' } }, '1');

  const [byDefault = ''] = await launch(ec2, { ImageId: undefined, LaunchTemplate: { LaunchTemplateId } });
  const [latest = ''] = await launch(ec2, {
    LaunchTemplate: { LaunchTemplateId, Version: '$Latest' },
    InstanceType: 't3.nano',
    MetadataOptions: { HttpPutResponseHopLimit: 5 },
  });

  expect(sandbox.fleet().get(byDefault)).toMatchObject({
    imageId: IMAGE,
    instanceType: 't3.large',
    subnetId: 'subnet-0aa',
    profileArn: 'arn:aws:iam::111122223333:instance-profile/web',
    options: { HttpTokens: 'optional', HttpPutResponseHopLimit: 3 },
    tags: new Map([
      ['Name', 'web'],
      ['aws:ec2launchtemplate:id', LaunchTemplateId],
      ['aws:ec2launchtemplate:version', '1'],
    ]),
  });
  expect(sandbox.fleet().get(latest)).toMatchObject({
    instanceType: 't3.nano',
    options: { HttpTokens: 'required', HttpPutResponseHopLimit: 5 },
  });
});
