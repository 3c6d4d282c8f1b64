/** What launched an instance, according to the tags that AWS services set. Names are untrusted input. */
export interface LaunchSource {
  readonly autoScalingGroup?: string;
  readonly launchTemplateId?: string;
  readonly launchTemplateVersion?: string;
  readonly fleetId?: string;
  readonly stackName?: string;
  readonly stackLogicalId?: string;
  readonly eksCluster?: string;
  readonly eksNodegroup?: string;
  readonly beanstalkEnvironment?: string;
  readonly beanstalkEnvironmentId?: string;
}

const TAGS = {
  autoScalingGroup: 'aws:autoscaling:groupName',
  launchTemplateId: 'aws:ec2launchtemplate:id',
  launchTemplateVersion: 'aws:ec2launchtemplate:version',
  fleetId: 'aws:ec2:fleet-id',
  stackName: 'aws:cloudformation:stack-name',
  stackLogicalId: 'aws:cloudformation:logical-id',
  eksCluster: 'eks:cluster-name',
  eksNodegroup: 'eks:nodegroup-name',
  beanstalkEnvironment: 'elasticbeanstalk:environment-name',
  beanstalkEnvironmentId: 'elasticbeanstalk:environment-id',
} as const satisfies Record<keyof LaunchSource, string>;

/** Kinds of launch sources. If several apply, the first one must be changed to require IMDSv2. */
export const LAUNCH_SOURCE_KINDS = [
  'beanstalk-environment',
  'eks-nodegroup',
  'auto-scaling-group',
  'launch-template',
  'cloudformation-stack',
  'none',
] as const;
export type LaunchSourceKind = (typeof LAUNCH_SOURCE_KINDS)[number];

/** The launch source of an instance; empty if no service set a tag. */
export function launchSourceOf(tags: ReadonlyMap<string, string>): LaunchSource {
  const found = Object.entries(TAGS).flatMap(([part, key]) => {
    const value = tags.get(key);
    return value === undefined ? [] : [[part, value] as const];
  });
  return Object.fromEntries(found);
}

const CONTAINER_TAGS =
  /^(eks:cluster-name$|aws:eks:cluster-name$|kubernetes\.io\/cluster\/|karpenter\.sh\/|AmazonECSManaged$|aws:ecs:)/;

/** Whether the tags name a container service. Containers need a hop limit of 2 to get a token. */
export function isContainerHost(tags: ReadonlyMap<string, string>): boolean {
  return [...tags.keys()].some((key) => CONTAINER_TAGS.test(key));
}
