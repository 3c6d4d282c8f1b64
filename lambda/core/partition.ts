/** Prefixes of region names and their partitions. Every other region is in `aws`. */
const PARTITIONS: readonly (readonly [prefix: string, partition: string])[] = [
  ['cn-', 'aws-cn'],
  ['us-gov-', 'aws-us-gov'],
  ['us-iso-', 'aws-iso'],
  ['us-isob-', 'aws-iso-b'],
  ['eu-isoe-', 'aws-iso-e'],
  ['us-isof-', 'aws-iso-f'],
  ['eusc-', 'aws-eusc'],
];

/** The domains of the consoles whose links are documented. */
const CONSOLES: Readonly<Partial<Record<string, string>>> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};

/** The partition of a region, by its name, so that it works for regions newer than this version. */
export const partitionOf = (region: string): string =>
  PARTITIONS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws';

/** The page of an instance in the console; `undefined` in a partition without a documented domain. */
export function consoleLink(region: string, instanceId: string): string | undefined {
  const domain = CONSOLES[partitionOf(region)];
  return domain && `https://${region}.${domain}/ec2/home?region=${region}#InstanceDetails:instanceId=${instanceId}`;
}

/** The ARN of an instance. */
export const instanceArn = (account: string, region: string, instanceId: string): string =>
  `arn:${partitionOf(region)}:ec2:${region}:${account}:instance/${instanceId}`;
