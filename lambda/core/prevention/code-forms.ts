import type { LaunchSourceKind } from '../launch-source.ts';

/** What to write where a launch source is defined as code, by tool; absent where the tool has no such thing. */
export type CodeForms = Readonly<Partial<Record<'CloudFormation' | 'Terraform' | 'CDK', string>>>;

/** What to write in code so that a launch source requires IMDSv2. Containers need a hop limit of 2. */
export function codeForms(kind: LaunchSourceKind, containerHost: boolean): CodeForms {
  const options = containerHost
    ? 'MetadataOptions: { HttpTokens: required, HttpPutResponseHopLimit: 2 }'
    : 'MetadataOptions: { HttpTokens: required }';
  const block = containerHost
    ? 'metadata_options with http_tokens = "required" and http_put_response_hop_limit = 2'
    : 'metadata_options { http_tokens = "required" }';
  const cdk = containerHost ? 'requireImdsv2: true, httpPutResponseHopLimit: 2' : 'requireImdsv2: true';
  const template: CodeForms = {
    CloudFormation: `AWS::EC2::LaunchTemplate, LaunchTemplateData: ${options}`,
    Terraform: `aws_launch_template: ${block}`,
    CDK: `LaunchTemplate: { ${cdk} }`,
  };
  switch (kind) {
    case 'beanstalk-environment':
      return {
        CloudFormation:
          'AWS::ElasticBeanstalk::Environment, OptionSettings: { Namespace: aws:autoscaling:launchconfiguration, OptionName: DisableIMDSv1, Value: true }',
        Terraform:
          'aws_elastic_beanstalk_environment: setting with namespace "aws:autoscaling:launchconfiguration", name "DisableIMDSv1", value "true"',
        CDK: "CfnEnvironment: optionSettings: [{ namespace: 'aws:autoscaling:launchconfiguration', optionName: 'DisableIMDSv1', value: 'true' }]",
      };
    case 'emr-cluster':
      return {
        CloudFormation:
          'AWS::EMR::SecurityConfiguration: InstanceMetadataServiceConfiguration: { MinimumInstanceMetadataServiceVersion: 2, HttpPutResponseHopLimit: 1 }',
        Terraform: 'aws_emr_security_configuration: the same as JSON in configuration',
        CDK: 'emr.CfnSecurityConfiguration: the same in securityConfiguration',
      };
    case 'image-builder':
      return {
        CloudFormation:
          'AWS::ImageBuilder::InfrastructureConfiguration: InstanceMetadataOptions: { HttpTokens: required }',
        Terraform:
          'aws_imagebuilder_infrastructure_configuration: instance_metadata_options { http_tokens = "required" }',
        CDK: "CfnInfrastructureConfiguration: instanceMetadataOptions: { httpTokens: 'required' }",
      };
    case 'cloudformation-stack':
      return {
        CloudFormation: `AWS::EC2::Instance, AWS::AutoScaling::LaunchConfiguration, or LaunchTemplateData of AWS::EC2::LaunchTemplate: ${options}`,
        CDK: `Instance, AutoScalingGroup, LaunchTemplate: { ${cdk} }`,
      };
    case 'none':
      return {
        CloudFormation: `AWS::EC2::Instance: ${options}`,
        Terraform: `aws_ec2_instance_metadata_defaults: http_tokens = "required"; aws_instance: ${block}`,
        CDK: `Instance: { ${cdk} }`,
      };
    case 'karpenter-node-class':
    case 'parallelcluster':
    case 'packer':
      return {};
    case 'eks-nodegroup':
    case 'batch-compute-environment':
    case 'ecs-cluster':
    case 'eks-self-managed':
    case 'spot-fleet':
    case 'auto-scaling-group':
    case 'launch-template':
      return template;
  }
}

/** Kinds whose instances run containers, whatever their tags say. */
export const CONTAINER_KINDS: readonly LaunchSourceKind[] = [
  'eks-nodegroup',
  'karpenter-node-class',
  'batch-compute-environment',
  'ecs-cluster',
  'eks-self-managed',
];
