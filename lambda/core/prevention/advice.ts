import { type Advice, argument } from '../advice.ts';
import type { LaunchSource } from '../launch-source.ts';
import { launchSourceGroupOf } from '../launch-source-group.ts';
import { defang } from '../text.ts';
import type { Target } from '../target.ts';
import { launchSourceLabel } from '../words/launch-source.ts';
import { codeForms, CONTAINER_KINDS } from './code-forms.ts';

/**
 * What to change so that the launch source launches its next instance with IMDSv2 required: what its owner edits, never
 * the copy that a service made of it.
 *
 * A command changes nothing but metadata options. That of a launch template is `imdsv2 prevent`, which reads what refers
 * to it: a version created by hand becomes `$Latest` at once, and a group with a mixed instances policy would lose it.
 *
 * @param containerHost whether tags of an instance name a container service.
 */
export function prevention(
  { region }: Pick<Target, 'region'>,
  launchSource: LaunchSource,
  containerHost: boolean,
): Advice {
  const { kind } = launchSourceGroupOf(launchSource);
  const inCode = codeForms(kind, containerHost || CONTAINER_KINDS.includes(kind));
  return { ...adviceFor(region, launchSource), ...(Object.keys(inCode).length > 0 && { inCode }) };
}

function adviceFor(region: string, launchSource: LaunchSource): Advice {
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
      if (launchTemplateId !== undefined) return templateAdvice(region, launchTemplateId, launchSource);
      return only(
        `${label} names no launch template, and its launch configuration cannot be changed: create a launch template with MetadataOptions HttpTokens=required, and assign it.`,
      );
    case 'none':
      return {
        text: 'Make IMDSv2 the default for launches in this region, and launch with --metadata-options HttpTokens=required.',
        commands: [`imdsv2 prevent defaults --region ${region}`],
      };
  }
}

function templateAdvice(
  region: string,
  launchTemplateId: string,
  { launchTemplateVersion = '$Default', autoScalingGroup }: LaunchSource,
): Advice {
  const group = autoScalingGroup === undefined ? 'what refers to it' : `Auto Scaling group ${defang(autoScalingGroup)}`;
  return {
    text: `Launch template ${defang(launchTemplateId)} version ${defang(launchTemplateVersion)} allows IMDSv1: create a version that requires IMDSv2, and move ${group} to it, as this command does after a question.`,
    commands: [`imdsv2 prevent templates --region ${region} --template ${argument(launchTemplateId)}`],
  };
}
