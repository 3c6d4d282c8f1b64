/** Where an instance comes from, read from the tags that AWS services put on it. */
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

/** The launchSource of an instance; empty where no service left a tag. */
export function launchSourceOf(tags: ReadonlyMap<string, string>): LaunchSource {
  const found = Object.entries(TAGS).flatMap(([part, key]) => {
    const value = tags.get(key);
    return value === undefined ? [] : [[part, value] as const];
  });
  return Object.fromEntries(found);
}

const CONTAINER_TAGS =
  /^(eks:cluster-name$|aws:eks:cluster-name$|kubernetes\.io\/cluster\/|karpenter\.sh\/|AmazonECSManaged$|aws:ecs:)/;

/** Whether the tags say that containers run on it, which need a hop limit of 2 to reach IMDS with a token. */
export function isContainerHost(tags: ReadonlyMap<string, string>): boolean {
  return [...tags.keys()].some((key) => CONTAINER_TAGS.test(key));
}
