import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplateVersionsCommand,
} from '@aws-sdk/client-ec2';
import { randomUUID } from 'node:crypto';
import { autoScalingGroups } from '../../lambda/adapters/autoscaling-groups.ts';
import { autoScalingGroupWriter } from '../../lambda/adapters/autoscaling-group-changes.ts';
import { autoScalingClients, ec2Clients } from '../../lambda/adapters/clients.ts';
import { ec2LaunchTemplates } from '../../lambda/adapters/ec2-launch-templates.ts';
import { ec2TemplateWriter } from '../../lambda/adapters/ec2-template-changes.ts';
import { REGION } from '../support/builders.ts';
import { data } from '../support/launch-sources.ts';
import { ec2In } from './support/account.ts';
import { needs, onMoto } from './support/where.ts';

const reader = ec2LaunchTemplates(ec2Clients());
const writer = ec2TemplateWriter(ec2Clients());
const groups = new AutoScalingClient({ region: REGION });
const newName = () => `imdsv2-${randomUUID()}`;

async function template(): Promise<string> {
  const UserData = Buffer.from('#!/bin/sh').toString('base64');
  const more = {
    UserData,
    TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'a', Value: 'b' }] }],
  };
  const LaunchTemplateData = data('optional', more);
  const created = await ec2In().send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName: newName(), LaunchTemplateData }),
  );
  return created.LaunchTemplate?.LaunchTemplateId ?? '';
}

const contentOf = async (id: string, version: number) =>
  (await writer.contents(REGION, id)).find((one) => one.version === version);

it('reads templates with their tags, and the default and latest versions of all', async () => {
  const id = await template();
  await ec2In().send(
    new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: id, LaunchTemplateData: data('required') }),
  );
  const { items } = await reader.templates(REGION);
  expect(items.find((one) => one.id === id)).toMatchObject({ defaultVersion: 1, latestVersion: 2 });
  const versions = (await reader.currentVersions(REGION)).items.filter(({ templateId }) => templateId === id);
  expect(versions.map(({ version, options }) => [version, options.HttpTokens]).toSorted()).toEqual([
    [1, 'optional'],
    [2, 'required'],
  ]);
});

needs('source versions')('creates a version that differs from its source in metadata options alone', async () => {
  const id = await template();
  const version = await writer.create(REGION, id, {
    source: 1,
    options: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
    description: 'imdsv2-enforcer',
    token: newName(),
  });
  const [before, after] = [await contentOf(id, 1), await contentOf(id, version)];
  expect(after).toMatchObject({ version: 2, options: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 } });
  expect(after?.rest).toBe(before?.rest);
  await writer.setDefault(REGION, id, version);
  const { items } = await reader.templates(REGION);
  expect(items.find((one) => one.id === id)).toMatchObject({ defaultVersion: 2 });
});

onMoto('moto leaves SourceVersion out of account; AWS inherits what the new version does not state', async () => {
  const id = await template();
  const change = { source: 1, options: { HttpTokens: 'required' }, description: 'imdsv2-enforcer', token: newName() };
  const version = await writer.create(REGION, id, change);
  expect(await contentOf(id, version)).toMatchObject({ options: { HttpTokens: 'required' }, rest: '{}' });
  await writer.setDefault(REGION, id, version);
  const { items } = await reader.templates(REGION);
  expect(items.find((one) => one.id === id)).toMatchObject({ defaultVersion: 2, latestVersion: 2 });
});

it.each(['LaunchTemplate', 'MixedInstancesPolicy'] as const)(
  'moves the version in %s, and nothing else',
  async (form) => {
    const id = await template();
    const name = newName();
    const LaunchTemplateSpecification = { LaunchTemplateId: id, Version: '1' };
    const Overrides = [
      { InstanceType: 'c5.large', WeightedCapacity: '2' },
      { InstanceType: 'c6g.large', LaunchTemplateSpecification },
    ];
    const source =
      form === 'LaunchTemplate'
        ? { LaunchTemplate: LaunchTemplateSpecification }
        : {
            MixedInstancesPolicy: {
              LaunchTemplate: { LaunchTemplateSpecification, Overrides },
              InstancesDistribution: { OnDemandBaseCapacity: 1, SpotAllocationStrategy: 'capacity-optimized' },
            },
          };
    await groups.send(
      new CreateAutoScalingGroupCommand({
        ...{ AutoScalingGroupName: name, MinSize: 0, MaxSize: 1, AvailabilityZones: [`${REGION}a`] },
        ...source,
      }),
    );
    const describe = async () =>
      (await groups.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] })))
        .AutoScalingGroups?.[0];
    const before = await describe();
    const LaunchTemplateData = { MetadataOptions: { HttpTokens: 'required' as const } };
    await ec2In().send(
      new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: id, SourceVersion: '1', LaunchTemplateData }),
    );

    const moved = await autoScalingGroupWriter(autoScalingClients()).move(REGION, name, ({ version }) =>
      version === '1' ? '2' : undefined,
    );

    expect(moved).toBe(form === 'LaunchTemplate' ? 1 : 2);
    const after = await describe();
    const withVersion = JSON.stringify(before).replaceAll('"Version":"1"', '"Version":"2"');
    expect(JSON.parse(JSON.stringify(after))).toEqual(JSON.parse(withVersion));
    const { items } = await autoScalingGroups(autoScalingClients()).groups(REGION);
    const launcher = items.find((one) => one.name === name);
    expect(new Set(launcher?.references.map(({ version }) => version))).toEqual(new Set(['2']));
    const command = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id });
    expect((await ec2In().send(command)).LaunchTemplateVersions).toHaveLength(2);
  },
);
