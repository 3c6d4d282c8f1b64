import { isContainerHost, type LaunchSource, type LaunchSourceKind, launchSourceOf } from '../launch-source.ts';
import { launchSourceGroupOf } from '../launch-source-group.ts';
import type { LaunchInventory, Launcher, LaunchSpec, Template, TemplateVersion } from './inventory.ts';

/**
 * Who changes a launch template or a group: a service that made it, a stack, Terraform, or a person.
 *
 * Terraform leaves no mark of its own, so that `unknown` may be Terraform as well.
 */
export type Control = 'generated' | 'stack' | 'terraform' | 'unknown';

/** Who owns what launches instances. */
export interface Owner {
  readonly control: Control;
  readonly launchSource: LaunchSource;
}

/** Launch sources that make their templates and groups themselves: what they made is not to be edited. */
const GENERATING: readonly LaunchSourceKind[] = [
  'beanstalk-environment',
  'eks-nodegroup',
  'karpenter-node-class',
  'batch-compute-environment',
  'emr-cluster',
  'parallelcluster',
  'image-builder',
];

/** The owner by the tags of a template, of the groups that refer to it, and of the instances that it launches. */
export function ownerOf(
  template: Template | undefined,
  version: TemplateVersion | undefined,
  launchers: readonly Launcher[],
): Owner {
  const tags = new Map([
    ...(version?.instanceTags ?? []),
    ...launchers.flatMap((launcher) => [...launcher.tags]),
    ...(template?.tags ?? []),
  ]);
  const [launcher] = launchers;
  const launchSource: LaunchSource = {
    ...launchSourceOf(tags),
    ...(launcher?.kind === 'auto-scaling-group' && { autoScalingGroup: launcher.name }),
    ...(launcher?.kind === 'spot-fleet' && { spotFleetRequestId: launcher.name }),
    ...(template && { launchTemplateId: template.id }),
    ...(version && { launchTemplateVersion: String(version.version) }),
  };
  return { control: controlOf(launchSource, template, launchers, tags), launchSource };
}

function controlOf(
  launchSource: LaunchSource,
  template: Template | undefined,
  launchers: readonly Launcher[],
  tags: ReadonlyMap<string, string>,
): Control {
  const isGenerated = (source: LaunchSource) => GENERATING.includes(launchSourceGroupOf(source).kind);
  // One group that a service made is enough: the template is the copy that the service made for it.
  const sources = [launchSource, ...launchers.map((launcher) => launchSourceOf(launcher.tags))];
  if (template?.awsManaged === true || sources.some(isGenerated)) return 'generated';
  if (sources.some(({ stackName }) => stackName !== undefined)) return 'stack';
  const names = [template?.name ?? '', ...launchers.map(({ name }) => name)];
  return names.some((name) => TERRAFORM_NAME.test(name)) || [...tags].some(isTerraformTag) ? 'terraform' : 'unknown';
}

/** The name that Terraform's AWS provider makes up: `terraform-` and a time. */
const TERRAFORM_NAME = /^terraform-\d{14}/;

/** Whether a tag says that Terraform or a tool like it owns the resource. Which tag says so is a habit, not a rule. */
function isTerraformTag([key, value]: readonly [string, string]): boolean {
  const tool = /\b(terraform|opentofu|pulumi)\b/i;
  if (tool.test(key)) return !/^(false|no|0)$/i.test(value);
  return /managed|created|provision|iac|tool/i.test(key) && tool.test(value);
}

/** Whether containers run on the instances of a launch, so that it needs a hop limit of 2. */
export function launchesContainerHosts(
  spec: LaunchSpec,
  tags: ReadonlyMap<string, string>,
  { images }: Pick<LaunchInventory, 'images'>,
): boolean {
  if (spec.startsContainers || isContainerHost(tags)) return true;
  return CONTAINER_IMAGE.test(images.get(spec.imageId ?? '')?.name ?? '');
}

/**
 * Names of the AMIs that AWS publishes for ECS, EKS and Bottlerocket.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-optimized_AMI.html
 * https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-ami.html
 */
const CONTAINER_IMAGE = /^(amzn2?-ami-ecs-|al2023-ami-ecs-|amazon-eks-|bottlerocket-)/;

/** What in user data starts containers, or joins a cluster. */
const CONTAINER_USER_DATA =
  /\bECS_CLUSTER\b|\/etc\/eks\/bootstrap\.sh|\bnodeadm\b|node\.eks\.aws|\bkubeadm join\b|\bkubelet\b|\bdocker(d| run| compose|-compose)\b|\[settings\.kubernetes\]/;

/** Whether user data starts containers. It may be compressed, and then nothing is found. */
export const startsContainers = (userData: string): boolean => CONTAINER_USER_DATA.test(userData);
