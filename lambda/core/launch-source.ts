/** What launched an instance, according to its tags. Names are untrusted input. */
export interface LaunchSource {
  readonly autoScalingGroup?: string;
  readonly launchTemplateId?: string;
  readonly launchTemplateVersion?: string;
  readonly fleetId?: string;
  readonly spotFleetRequestId?: string;
  readonly stackName?: string;
  readonly stackLogicalId?: string;
  readonly eksCluster?: string;
  readonly eksNodegroup?: string;
  readonly karpenterNodeClass?: string;
  readonly karpenterNodePool?: string;
  readonly ecsCluster?: string;
  /** `''` for an instance of AWS Batch without the name of its compute environment. */
  readonly batchComputeEnvironment?: string;
  readonly emrCluster?: string;
  readonly parallelCluster?: string;
  readonly imageBuilder?: string;
  readonly packer?: string;
  readonly beanstalkEnvironment?: string;
  readonly beanstalkEnvironmentId?: string;
}

/**
 * The tags that name the parts; the first that is present counts. Users can set those that do not begin with `aws:`.
 *
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instances-from-launch-template.html
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
 * https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html
 * https://karpenter.sh/docs/concepts/nodeclasses/#spectags
 * https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-tags.html
 * https://docs.aws.amazon.com/parallelcluster/latest/ug/troubleshooting-v3.html
 * https://docs.aws.amazon.com/imagebuilder/latest/userguide/manage-infra-config.html
 */
const TAGS = {
  autoScalingGroup: ['aws:autoscaling:groupName'],
  launchTemplateId: ['aws:ec2launchtemplate:id'],
  launchTemplateVersion: ['aws:ec2launchtemplate:version'],
  fleetId: ['aws:ec2:fleet-id'],
  spotFleetRequestId: ['aws:ec2spot:fleet-request-id'],
  stackName: ['aws:cloudformation:stack-name'],
  stackLogicalId: ['aws:cloudformation:logical-id'],
  eksCluster: ['eks:cluster-name', 'aws:eks:cluster-name'],
  eksNodegroup: ['eks:nodegroup-name'],
  karpenterNodeClass: ['karpenter.k8s.aws/ec2nodeclass'],
  karpenterNodePool: ['karpenter.sh/nodepool', 'karpenter.sh/provisioner-name'],
  // An empty tag marks the instances of a capacity provider.
  ecsCluster: ['aws:ecs:clusterName', 'AmazonECSManaged'],
  batchComputeEnvironment: ['aws:batch:compute-environment'],
  emrCluster: ['aws:elasticmapreduce:job-flow-id'],
  parallelCluster: ['parallelcluster:cluster-name'],
  imageBuilder: ['Ec2ImageBuilderArn'],
  beanstalkEnvironment: ['elasticbeanstalk:environment-name'],
  beanstalkEnvironmentId: ['elasticbeanstalk:environment-id'],
} as const satisfies Partial<Record<keyof LaunchSource, readonly string[]>>;

/** The tag of instances of AWS Batch, and the name that Packer gives to instances by default. */
const BATCH_TAG = 'AWSBatchServiceTag';
const PACKER_NAME = 'Packer Builder';

/** The tag of a node of a Kubernetes cluster; the name of the cluster is a part of its key. */
const CLUSTER_TAG = /^kubernetes\.io\/cluster\/(.+)$/;

/**
 * Kinds of launch sources. If several apply, the first one is what a person edits to require IMDSv2: what the services
 * generate from it, such as a group or a launch template, comes after it.
 */
export const LAUNCH_SOURCE_KINDS = [
  'beanstalk-environment',
  'eks-nodegroup',
  'karpenter-node-class',
  'batch-compute-environment',
  'emr-cluster',
  'parallelcluster',
  'image-builder',
  'packer',
  'cloudformation-stack',
  'ecs-cluster',
  'eks-self-managed',
  'spot-fleet',
  'auto-scaling-group',
  'launch-template',
  'none',
] as const;
export type LaunchSourceKind = (typeof LAUNCH_SOURCE_KINDS)[number];

/** The launch source of an instance; empty if no tag names one. */
export function launchSourceOf(tags: ReadonlyMap<string, string>): LaunchSource {
  const found = Object.entries(TAGS).flatMap(([part, keys]) => {
    const key = keys.find((one) => tags.has(one));
    return key === undefined ? [] : [[part, tags.get(key) ?? ''] as const];
  });
  const cluster = [...tags.keys()].map((key) => CLUSTER_TAG.exec(key)?.[1]).find((name) => name !== undefined);
  return {
    ...(cluster === undefined ? {} : { eksCluster: cluster }),
    ...(tags.has(BATCH_TAG) ? { batchComputeEnvironment: '' } : {}),
    ...(tags.get('Name') === PACKER_NAME ? { packer: PACKER_NAME } : {}),
    ...Object.fromEntries(found),
  };
}

const CONTAINER_TAGS =
  /^(eks:cluster-name$|aws:eks:cluster-name$|kubernetes\.io\/cluster\/|karpenter\.sh\/|AmazonECSManaged$|aws:ecs:|AWSBatchServiceTag$|aws:batch:)/;

/** Whether the tags name a container service. Containers need a hop limit of 2 to get a token. */
export function isContainerHost(tags: ReadonlyMap<string, string>): boolean {
  return [...tags.keys()].some((key) => CONTAINER_TAGS.test(key));
}
