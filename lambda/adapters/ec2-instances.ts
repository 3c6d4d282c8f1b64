import {
  DescribeInstancesCommand,
  type DescribeInstancesResult,
  type EC2Client,
  type Filter,
  type Instance,
  ModifyInstanceMetadataOptionsCommand,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import type { FleetReader, InstanceReader, InstanceWriter } from '../app/ports/index.ts';
import { CHANGE } from '../core/decide.ts';
import type { MetadataOptions, Snapshot } from '../core/instance.ts';
import type { Lookup } from '../core/target.ts';
import { failing } from './failures.ts';

/**
 * The most values that one filter accepts.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
 */
export const FILTER_VALUES = 200;

/** The largest page that DescribeInstances returns. */
const PAGE = 1000;

/**
 * Reads instances. Needs `ec2:DescribeInstances`.
 *
 * Ids go into the `instance-id` filter, not into `InstanceIds`, where one id that is not visible yet fails the whole
 * call.
 */
export function ec2Reader(client: (region: string) => EC2Client): InstanceReader {
  return {
    describe: async (region, instanceIds) => {
      const pages = chunks(instanceIds, FILTER_VALUES).map((ids) => read(client(region), 'instance-id', ids));
      return (await Promise.all(pages)).flat();
    },
    find: ({ region, clientToken, context }: Lookup) =>
      clientToken === undefined
        ? read(client(region), 'launch-time', minutesAround(context.occurredAt), TOKENS_OPTIONAL)
        : read(client(region), 'client-token', [clientToken]),
  };
}

/** Lists instances, 1,000 per page. Needs `ec2:DescribeInstances`. */
export function ec2Fleet(client: (region: string) => EC2Client): FleetReader {
  return {
    page: async (region, filters, NextToken) => {
      const command = new DescribeInstancesCommand({
        Filters: filters.map(({ name, values }) => ({ Name: name, Values: [...values] })),
        IncludeManagedResources: true,
        MaxResults: PAGE,
        NextToken,
      });
      const page = await failing(client(region).send(command));
      return { snapshots: snapshotsOf(page), next: page.NextToken };
    },
  };
}

/** Requires IMDSv2 on instances. Needs `ec2:ModifyInstanceMetadataOptions`. */
export function ec2Writer(client: (region: string) => EC2Client): InstanceWriter {
  return {
    requireTokens: async (region, InstanceId) => {
      const command = new ModifyInstanceMetadataOptionsCommand({ InstanceId, ...CHANGE });
      const { InstanceMetadataOptions } = await failing(client(region).send(command));
      return toOptions(InstanceMetadataOptions ?? CHANGE);
    },
  };
}

const TOKENS_OPTIONAL: Filter = { Name: 'metadata-options.http-tokens', Values: ['optional'] };

/** Reads all pages. `IncludeManagedResources` includes the instances that AWS services operate. */
async function read(client: EC2Client, name: string, values: string[], ...more: Filter[]): Promise<Snapshot[]> {
  const Filters = [{ Name: name, Values: values }, ...more];
  const pages = paginateDescribeInstances({ client, pageSize: PAGE }, { Filters, IncludeManagedResources: true });
  const snapshots: Snapshot[] = [];
  const collect = async () => {
    for await (const page of pages) snapshots.push(...snapshotsOf(page));
  };
  await failing(collect());
  return snapshots;
}

/** The snapshots of a page, whether describe-instances-reader.ts read it or the SDK. */
function snapshotsOf({ Reservations = [], snapshots }: DescribeInstancesResult & ReadPage): readonly Snapshot[] {
  return snapshots ?? Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(toSnapshot));
}

/** A page whose instances became snapshots while it was read. */
export interface ReadPage {
  readonly NextToken?: string;
  readonly snapshots?: readonly Snapshot[];
}

/** An instance as a snapshot; none without an id. */
export function toSnapshot(instance: Instance): Snapshot[] {
  if (instance.InstanceId === undefined) return [];
  const primary = instance.NetworkInterfaces?.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
  const root = instance.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === instance.RootDeviceName);
  return [
    {
      instanceId: instance.InstanceId,
      state: instance.State?.Name ?? '',
      options: toOptions(instance.MetadataOptions ?? {}),
      awsManaged: instance.Operator?.Managed === true,
      launchTime: instance.LaunchTime,
      firstLaunch: primary?.Attachment?.AttachTime ?? root?.Ebs?.AttachTime,
      tags: new Map((instance.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
      instanceProfile: instance.IamInstanceProfile?.Arn,
      publicAddresses: publicAddresses(instance),
      vpcId: instance.VpcId,
    },
  ];
}

function publicAddresses({ PublicIpAddress, NetworkInterfaces = [] }: Instance): string[] | undefined {
  const addresses = NetworkInterfaces.flatMap(({ Association, Ipv6Addresses = [] }) => [
    Association?.PublicIp,
    ...Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address),
  ]);
  const present = [PublicIpAddress, ...addresses].filter((address) => address !== undefined);
  return present.length === 0 ? undefined : [...new Set(present)];
}

/** Copies the metadata options that the product reads. */
export function toOptions(options: MetadataOptions): MetadataOptions {
  const { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, HttpProtocolIpv6, InstanceMetadataTags, State } = options;
  return { HttpTokens, HttpEndpoint, HttpPutResponseHopLimit, HttpProtocolIpv6, InstanceMetadataTags, State };
}

/** Values of the `launch-time` filter for the minute of a call, the one before and the one after. */
function minutesAround(time: Date): string[] {
  return [-1, 0, 1].map((minute) => `${new Date(time.getTime() + minute * 60_000).toISOString().slice(0, 16)}*`);
}

/** Parts of a list, of at most `size` values. */
export function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}
