import { LAUNCH_SOURCE_KINDS, type LaunchSourceKind, launchSourceOf } from '../../lambda/core/launch-source.ts';
import { prevention } from '../../lambda/core/prevention/advice.ts';
import { LAUNCH_SOURCE_LABELS } from '../../lambda/core/words/launch-source.ts';
import { markdownTable, replaceSection } from './marked-section.ts';

const MARKS = ['<!-- written by npm run docs:launch-sources -->', '<!-- end of the launch sources -->'] as const;

const TEMPLATE = { 'aws:ec2launchtemplate:id': 'lt-0123456789abcdef0', 'aws:ec2launchtemplate:version': '7' };
const GROUP = { ...TEMPLATE, 'aws:autoscaling:groupName': 'web' };

/** The tags of an instance of each launch source. */
export const SAMPLE_TAGS: Readonly<Record<LaunchSourceKind, Readonly<Record<string, string>>>> = {
  'beanstalk-environment': { ...GROUP, 'elasticbeanstalk:environment-id': 'e-abcdefghij' },
  'eks-nodegroup': { ...GROUP, 'eks:cluster-name': 'prod', 'eks:nodegroup-name': 'blue' },
  'karpenter-node-class': { ...TEMPLATE, 'karpenter.k8s.aws/ec2nodeclass': 'default' },
  'batch-compute-environment': { ...GROUP, AWSBatchServiceTag: 'batch' },
  'emr-cluster': { 'aws:elasticmapreduce:job-flow-id': 'j-0123456789ABC' },
  parallelcluster: { ...TEMPLATE, 'parallelcluster:cluster-name': 'hpc' },
  'image-builder': { Ec2ImageBuilderArn: 'arn:aws:imagebuilder:eu-west-1:111122223333:image/web/1.0.0/1' },
  packer: { Name: 'Packer Builder' },
  'cloudformation-stack': { ...GROUP, 'aws:cloudformation:stack-name': 'shop' },
  'ecs-cluster': { ...GROUP, AmazonECSManaged: '' },
  'eks-self-managed': { ...GROUP, 'kubernetes.io/cluster/prod': 'owned' },
  'spot-fleet': { 'aws:ec2spot:fleet-request-id': 'sfr-01234567-89ab-cdef-0123-456789abcdef' },
  'auto-scaling-group': GROUP,
  'launch-template': TEMPLATE,
  none: {},
};

/** Replaces the table between the marks of a page with what to change in each launch source. */
export const withLaunchSources = (page: string): string =>
  replaceSection(
    page,
    MARKS,
    markdownTable([['launch source', 'what to change', ...TOOLS], ...LAUNCH_SOURCE_KINDS.map(rowOf)]),
  );

const TOOLS = ['CloudFormation', 'Terraform', 'CDK'] as const;

function rowOf(kind: LaunchSourceKind): string[] {
  const launchSource = launchSourceOf(new Map(Object.entries(SAMPLE_TAGS[kind])));
  const { text, commands, inCode = {} } = prevention({ region: 'eu-west-1' }, launchSource, false);
  const code = (form: string | undefined) => (form === undefined ? '–' : `\`${form}\``);
  return [
    LAUNCH_SOURCE_LABELS[kind],
    [text, ...commands.map((command) => `\`${command}\``)].join(' '),
    ...TOOLS.map((tool) => code(inCode[tool])),
  ];
}
