import { TAG } from '../contract.ts';
import { dayFromNow } from './exemption.ts';
import { CHANGE } from './decide.ts';
import type { MetadataOptions, Snapshot } from './instance.ts';
import { isContainerHost, type LaunchSource } from './launch-source.ts';
import { launchSourceGroupOf } from './launch-source-group.ts';
import { clean, defang, shellQuote } from './text.ts';
import type { Target } from './target.ts';
import { launchSourceLabel } from './words/launch-source.ts';

/** What to do about an instance: sentences, and shell commands that are safe to paste. */
export interface Advice {
  readonly text: string;
  readonly commands: readonly string[];
}

/** An instance and its region. */
type InstanceRef = Pick<Target, 'region' | 'instanceId'>;

/** Days that the exemption of an undo lasts, unless the maximum is shorter. */
const UNDO_DAYS = 14;

/** How to undo a remediation. Without the exemption first, it would be reverted as drift. */
export function undo({ region, instanceId }: Target, now: Date, maxExemptionDays: number): Advice {
  const until = dayFromNow(now, Math.min(UNDO_DAYS, maxExemptionDays));
  return {
    text: `Re-enables IMDSv1 and exempts the instance until ${until}, so that it is not remediated again.`,
    commands: [
      `aws ec2 create-tags --region ${region} --resources ${instanceId} --tags Key=${TAG.exemptUntil},Value=${until} Key=${TAG.exemptReason},Value='...'`,
      `aws ec2 modify-instance-metadata-options --region ${region} --instance-id ${instanceId} --http-tokens optional --http-endpoint enabled`,
    ],
  };
}

/** The command that re-enables IMDSv1 on an instance and exempts it. */
export const rollbackCommand = (region: string, instanceId: string, maxExemptionDays: number): string =>
  `imdsv2 rollback ${instanceId} --region ${region} --for ${Math.min(UNDO_DAYS, maxExemptionDays)}d --reason '...'`;

/** How to revoke an exemption. */
export function revocation({ region, instanceId }: InstanceRef): Advice {
  return {
    text: 'Revokes the exemption. Unless in audit mode, the instance then requires IMDSv2 within minutes.',
    commands: [`aws ec2 delete-tags --region ${region} --resources ${instanceId} --tags Key=${TAG.exemptUntil}`],
  };
}

/** What to change so that the launch source launches its next instance with IMDSv2 required. */
export function prevention(
  { region }: Pick<Target, 'region'>,
  launchSource: LaunchSource,
  { options }: Pick<Snapshot, 'options'>,
): Advice {
  const { kind, name } = launchSourceGroupOf(launchSource);
  const { beanstalkEnvironmentId, stackLogicalId, launchTemplateId } = launchSource;
  const label = defang(launchSourceLabel({ kind, name }));
  const only = (text: string): Advice => ({ text, commands: [] });
  switch (kind) {
    case 'beanstalk-environment':
      return {
        text: `${label} launches its instances: disable IMDSv1 in its options.`,
        commands: [
          `aws elasticbeanstalk update-environment --region ${region} --environment-id ${argument(beanstalkEnvironmentId ?? '')} --option-settings Namespace=aws:autoscaling:launchconfiguration,OptionName=DisableIMDSv1,Value=true`,
        ],
      };
    case 'eks-nodegroup':
      return only(
        `${label} launches its instances: set MetadataOptions HttpTokens=required, HttpPutResponseHopLimit=2 in the launch template of the node group (not in the copy that EKS made of it).`,
      );
    case 'karpenter-node-class':
      return only(
        `${label} launches its instances: set spec.metadataOptions httpTokens: required, httpPutResponseHopLimit: 2 in the EC2NodeClass (not in the launch templates that Karpenter makes of it).`,
      );
    case 'batch-compute-environment':
      return only(
        `${label} launches its instances: set MetadataOptions HttpTokens=required, HttpPutResponseHopLimit=2 in a launch template, and name it in the compute environment (not the copy that AWS Batch made of it).`,
      );
    case 'emr-cluster':
      return only(
        `${label} launches its instances: use a release and a security configuration whose InstanceMetadataServiceConfiguration has MinimumInstanceMetadataServiceVersion 2, in a new cluster.`,
      );
    case 'parallelcluster':
      return only(`${label} launches its instances: set Imds/ImdsSupport: v2.0 in the configuration of the cluster.`);
    case 'image-builder':
      return only(
        `${label} launched it for a build: set instanceMetadataOptions httpTokens=required in its infrastructure configuration, and register the image with imds-support v2.0.`,
      );
    case 'packer':
      return only(
        'A Packer build launched it: set metadata_options http_tokens = "required" and imds_support = "v2.0" in the amazon-ebs source.',
      );
    case 'cloudformation-stack':
      return only(
        `${label}${stackLogicalId === undefined ? '' : `, resource ${defang(stackLogicalId)}`}: set MetadataOptions HttpTokens: required in its template.`,
      );
    case 'spot-fleet':
      return only(
        `${label}: launch specifications have no metadata options, so request it with a launch template that has HttpTokens=required.`,
      );
    case 'ecs-cluster':
    case 'eks-self-managed':
    case 'auto-scaling-group':
    case 'launch-template':
      if (launchTemplateId !== undefined) return templateFix(region, launchTemplateId, launchSource, options);
      return only(
        `${label} names no launch template: create one with MetadataOptions HttpTokens=required, and assign it.`,
      );
    case 'none':
      return {
        text: 'Make IMDSv2 the default for launches in this region, and launch with --metadata-options HttpTokens=required.',
        commands: [`aws ec2 modify-instance-metadata-defaults --region ${region} --http-tokens required`],
      };
  }
}

/**
 * A new launch template version. It states all options, because `MetadataOptions` is inherited as a whole.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html
 */
function templateFix(
  region: string,
  launchTemplateId: string,
  launchSource: LaunchSource,
  current: MetadataOptions,
): Advice {
  const { launchTemplateVersion = '$Default', autoScalingGroup } = launchSource;
  const MetadataOptions = {
    ...CHANGE,
    // Containers need a hop limit of 2 to get a token.
    HttpPutResponseHopLimit: Math.max(current.HttpPutResponseHopLimit ?? 1, runsContainers(launchSource) ? 2 : 1),
    // Both are disabled by default, and not every partition supports them.
    ...(current.HttpProtocolIpv6 === 'enabled' && { HttpProtocolIpv6: 'enabled' }),
    ...(current.InstanceMetadataTags === 'enabled' && { InstanceMetadataTags: 'enabled' }),
  };
  const options = JSON.stringify({ MetadataOptions });
  const template = argument(launchTemplateId);
  const created = `aws ec2 create-launch-template-version --region ${region} --launch-template-id ${template} --source-version ${argument(launchTemplateVersion)} --launch-template-data '${options}'`;
  const text = `Launch template ${defang(launchTemplateId)} version ${defang(launchTemplateVersion)} allows IMDSv1`;
  if (autoScalingGroup === undefined) {
    return { text: `${text}: create a version that requires IMDSv2, and launch from it.`, commands: [created] };
  }
  return {
    text: `${text}: create a version that requires IMDSv2, and assign it to Auto Scaling group ${defang(autoScalingGroup)}.`,
    commands: [
      created,
      `aws autoscaling update-auto-scaling-group --region ${region} --auto-scaling-group-name ${argument(autoScalingGroup)} --launch-template ${argument(`LaunchTemplateId=${launchTemplateId},Version=$Latest`)}`,
    ],
  };
}

const runsContainers = ({ eksCluster, ecsCluster }: LaunchSource): boolean =>
  eksCluster !== undefined || ecsCluster !== undefined;

/** An untrusted name as one word of a command. Mail programs must not make a link of it. */
export const argument = (name: string): string =>
  /:\/\/|www\./i.test(clean(name, Infinity)) ? "'...'" : shellQuote(name);

/** How to find an unknown caller. CloudTrail keeps management events for 90 days, even without a trail. */
export function findCaller({ region, instanceId }: InstanceRef): Advice {
  return {
    text: 'The event does not name the caller. CloudTrail shows it about 15 minutes after the call:',
    commands: [
      `aws cloudtrail lookup-events --region ${region} --lookup-attributes AttributeKey=ResourceName,AttributeValue=${instanceId} --query 'Events[].[EventTime,EventName,Username]' --output table`,
    ],
  };
}

/** A note if containers would lose access to IMDS: with a hop limit of 1, they cannot get a token. */
export function hopLimitNote(
  target: InstanceRef,
  { options, tags }: Pick<Snapshot, 'options' | 'tags'>,
): Advice | undefined {
  return options.HttpPutResponseHopLimit === 1 && isContainerHost(tags) ? hopLimitAdvice(target) : undefined;
}

/** How to give containers access to IMDS: with a hop limit of 1, they cannot get a token. */
export function hopLimitAdvice({ region, instanceId }: InstanceRef): Advice {
  return {
    text: 'Once IMDSv2 is required, containers on this host cannot reach IMDS, because the hop limit is 1. If they need IMDS:',
    commands: [
      `aws ec2 modify-instance-metadata-options --region ${region} --instance-id ${instanceId} --http-put-response-hop-limit 2 --http-endpoint enabled`,
    ],
  };
}
