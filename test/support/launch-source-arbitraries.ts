import type { CreateAutoScalingGroupCommandInput } from '@aws-sdk/client-auto-scaling';
import type { RequestLaunchTemplateData } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { IMAGE } from './launch-sources.ts';

/** An AMI with `ImdsSupport=v2.0`. */
export const IMAGE_V2 = 'ami-0bb11bb22cc33dd44';

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const anyOptions = fc.record(
  {
    HttpTokens: fc.constantFrom('optional', 'required'),
    HttpPutResponseHopLimit: fc.integer({ min: 1, max: 4 }),
    HttpEndpoint: fc.constantFrom('enabled', 'enabled', 'enabled', 'disabled'),
    HttpProtocolIpv6: fc.constantFrom('enabled', 'disabled'),
    InstanceMetadataTags: fc.constantFrom('enabled', 'disabled'),
  } as const,
  { requiredKeys: [] },
);

const anyDevice = fc.record({
  DeviceName: fc.constantFrom('/dev/xvda', '/dev/sdb'),
  Ebs: fc.record(
    {
      SnapshotId: fc.constantFrom('snap-0a1b2c3d4e5f60718', 'snap-0a1b2c3d4e5f60719'),
      VolumeSize: fc.integer({ min: 8, max: 64 }),
      VolumeType: fc.constant('gp3' as const),
      DeleteOnTermination: fc.boolean(),
    },
    { requiredKeys: ['VolumeType'] },
  ),
});

const anyData: fc.Arbitrary<RequestLaunchTemplateData> = fc.record(
  {
    ImageId: fc.constantFrom(IMAGE, IMAGE_V2, 'resolve:ssm:/aws/service/ami'),
    InstanceType: fc.constantFrom('t3.micro', 't3.large'),
    MetadataOptions: anyOptions.filter((options) => Object.keys(options).length > 0),
    BlockDeviceMappings: fc.array(anyDevice, { minLength: 1, maxLength: 2 }),
    KeyName: fc.constant('deploy'),
    EbsOptimized: fc.boolean(),
    SecurityGroupIds: fc.array(fc.constantFrom('sg-0a', 'sg-0b'), { minLength: 1, maxLength: 2 }),
    UserData: fc
      .constantFrom('#!/bin/sh\necho web', '#!/bin/sh\necho ECS_CLUSTER=prod >> /etc/ecs/ecs.config')
      .map((text) => Buffer.from(text).toString('base64')),
    TagSpecifications: fc
      .constantFrom('shop', 'api')
      .map((Value) => [{ ResourceType: 'instance' as const, Tags: [{ Key: 'team', Value }] }]),
    Monitoring: fc.record({ Enabled: fc.boolean() }),
  },
  { requiredKeys: ['InstanceType'] },
);

const anyTags = fc.constantFrom<Record<string, string>[]>(
  {},
  {},
  {},
  { AmazonECSManaged: '' },
  { 'kubernetes.io/cluster/prod': 'owned' },
  { 'eks:cluster-name': 'prod', 'eks:nodegroup-name': 'blue' },
  { ManagedBy: 'Terraform' },
);

/** A reference to one of the templates, by its index; the version is taken modulo the number of its versions. */
export interface AnyReference {
  readonly template: number;
  readonly byName: boolean;
  readonly version: number | '$Latest' | '$Default' | undefined;
}

const anyReference: fc.Arbitrary<AnyReference> = fc.record({
  template: fc.nat(1),
  byName: fc.boolean(),
  version: fc.oneof(fc.nat(3), fc.constantFrom('$Latest' as const, '$Default' as const, undefined)),
});

const anyOverride = fc.record({
  InstanceType: fc.constantFrom('c5.large', 'c6g.large', 'm5.large'),
  WeightedCapacity: optional(fc.integer({ min: 1, max: 8 }).map(String)),
  own: optional(anyReference),
});

const anyGroup = fc.oneof(
  { weight: 3, arbitrary: fc.record({ form: fc.constant('template' as const), base: anyReference }) },
  {
    weight: 3,
    arbitrary: fc.record({
      form: fc.constant('policy' as const),
      base: anyReference,
      overrides: fc.array(anyOverride, { maxLength: 3 }),
      distribution: fc.record(
        {
          OnDemandBaseCapacity: fc.nat(3),
          SpotAllocationStrategy: fc.constantFrom('capacity-optimized', 'price-capacity-optimized'),
          SpotMaxPrice: fc.constant('0.05'),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ form: fc.constant('configuration' as const) }) },
);

export type AnyGroup = typeof anyGroup extends fc.Arbitrary<infer T> ? T : never;

/** Templates, groups and fleets of a Region, the account default, and what a person allows. */
export const anyRegion = fc.record({
  accountDefault: fc.constantFrom(undefined, undefined, 'required' as const, 'optional' as const),
  templates: fc.array(
    fc.record({ versions: fc.array(anyData, { minLength: 1, maxLength: 4 }), default: fc.nat(3), tags: anyTags }),
    { minLength: 2, maxLength: 2 },
  ),
  groups: fc.array(fc.record({ group: anyGroup, tags: anyTags }), { minLength: 1, maxLength: 4 }),
  fleet: optional(anyReference),
  setDefault: fc.boolean(),
  evenIfManaged: fc.boolean(),
});

export type AnyRegion = typeof anyRegion extends fc.Arbitrary<infer T> ? T : never;

/** What a group launches, as an input of CreateAutoScalingGroup. */
export function formOf(
  group: AnyGroup,
  specificationOf: (reference: AnyReference) => {
    LaunchTemplateId?: string;
    LaunchTemplateName?: string;
    Version?: string;
  },
): Partial<CreateAutoScalingGroupCommandInput> {
  switch (group.form) {
    case 'configuration':
      return { LaunchConfigurationName: 'old' };
    case 'template':
      return { LaunchTemplate: specificationOf(group.base) };
    case 'policy':
      return {
        MixedInstancesPolicy: {
          LaunchTemplate: {
            LaunchTemplateSpecification: specificationOf(group.base),
            Overrides: group.overrides.map(({ own, ...override }) => ({
              ...override,
              LaunchTemplateSpecification: own && specificationOf(own),
            })),
          },
          InstancesDistribution: group.distribution,
        },
      };
  }
}
