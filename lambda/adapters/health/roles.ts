import { type ContextEntry, GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { allows } from '../../core/resource-policy.ts';
import { type Check, checkEach, type HealthOptions, type HomeContext, unlessMissing } from './context.ts';
import { FUNCTIONS } from './parts.ts';
import { queueArn } from './rules.ts';

const check = 'roles';

/** What a role must be allowed on a resource. */
interface Need {
  readonly actions: readonly string[];
  /** @default '*' */
  readonly resource?: string;
  /** Values of condition keys, by name. */
  readonly keys?: Readonly<Record<string, string>>;
}

const CONSUME = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const SEND = ['sqs:SendMessage'];

/** The roles of the functions: that Lambda may assume them, and that their policies allow what the function needs. */
export const roles: Check<HomeContext> = {
  name: check,
  run: (context) => {
    const paths = Object.keys(FUNCTIONS);
    const healthy = ok(check, `${paths.length} roles are allowed what their functions need`);
    const checkOne = (path: string) => {
      const name = context.parts.id('AWS::IAM::Role', `${path}Role`);
      return checkRole(check, name, 'lambda.amazonaws.com', needsOf(path, context), context);
    };
    return checkEach(check, paths, checkOne, { healthy, explain: context.explain });
  },
};

/** Checks one role. The policies of an organization count too, as far as the simulation of IAM covers them. */
export async function checkRole(
  group: string,
  RoleName: string,
  service: string,
  needs: readonly Need[],
  { partition, account, clients }: HealthOptions,
): Promise<readonly HealthResult[]> {
  const place = { check: group, region: globalRegion(partition), names: [RoleName] };
  const found = await unlessMissing(clients.roles.send(new GetRoleCommand({ RoleName })));
  if (found?.Role === undefined)
    return [lost('role-deleted', { ...place, text: `role ${RoleName} was deleted outside CloudFormation` })];
  const { Arn, AssumeRolePolicyDocument = '' } = found.Role;
  // https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html: the document is URL-encoded
  const trust = decodeURIComponent(AssumeRolePolicyDocument);
  const keys = { 'aws:sourceaccount': account };
  const isTrusted = allows(trust, { principal: service, action: 'sts:AssumeRole', resource: '*', keys });
  const refused = new Set<string>();
  for (const { actions, resource, keys: values = {} } of needs) {
    const ContextEntries = Object.entries(values).map(([ContextKeyName, value]): ContextEntry => ({
      ContextKeyName,
      ContextKeyValues: [value],
      ContextKeyType: 'string',
    }));
    const command = new SimulatePrincipalPolicyCommand({
      PolicySourceArn: Arn,
      ActionNames: [...actions],
      ...(resource !== undefined && { ResourceArns: [resource] }),
      ...(ContextEntries.length > 0 && { ContextEntries }),
    });
    const { EvaluationResults = [] } = await clients.roles.send(command);
    for (const { EvalActionName = '', EvalDecision } of EvaluationResults) {
      const where = values['aws:RequestedRegion'];
      if (EvalDecision !== 'allowed') refused.add(`${EvalActionName}${where === undefined ? '' : ` in ${where}`}`);
    }
  }
  return [
    ...(isTrusted ? [] : [lost('role-trust', { ...place, text: `${service} may not assume the role ${RoleName}` })]),
    ...(refused.size === 0
      ? []
      : [lost('role-permissions', { ...place, text: `role ${RoleName} is not allowed ${[...refused].join(', ')}` })]),
  ];
}

/** The region in whose event history IAM's calls are. */
const globalRegion = (partition: string): string =>
  partition === 'aws-us-gov' ? 'us-gov-west-1' : partition === 'aws-cn' ? 'cn-north-1' : 'us-east-1';

function needsOf(path: string, context: HomeContext): readonly Need[] {
  const { settings, parts, partition, region, account } = context;
  const queue = (name: string) => queueArn(context, name);
  const put: Need = { actions: ['events:PutEvents'], resource: settings.outcomeBusArn };
  const ec2 = (changes: boolean) =>
    [region, ...settings.forwarders].flatMap((name): Need[] => [
      {
        actions: ['ec2:DescribeInstances', 'ec2:GetInstanceMetadataDefaults', 'cloudwatch:GetMetricData'],
        keys: { 'aws:RequestedRegion': name },
      },
      ...(changes ? [requireTokens(name, { partition, account })] : []),
    ]);
  switch (path) {
    case 'Function':
      return [
        ...['WorkQueue', 'CheckQueue'].map((name) => ({ actions: [...CONSUME, ...SEND], resource: queue(name) })),
        put,
        { actions: ['autoscaling:DescribeScalingActivities'] },
        ...ec2(settings.mode === 'enforce'),
      ];
    case 'ScanFunction':
      return [
        ...['ScanQueue', 'DeadLetterQueue'].map((name) => ({ actions: [...CONSUME, ...SEND], resource: queue(name) })),
        { actions: CONSUME, resource: queue('GivenUpQueue') },
        ...['WorkQueue', 'CheckQueue'].map((name) => ({ actions: SEND, resource: queue(name) })),
        put,
        { actions: ['ec2:DescribeRegions'] },
        ...ec2(settings.scansMayChange),
      ];
    default:
      return [
        ...['NotifierUrgentQueue', 'NotifierSummaryQueue'].map((name) => ({ actions: CONSUME, resource: queue(name) })),
        { actions: ['sns:Publish'], resource: parts.id('AWS::SNS::Topic', 'TopicsOutcomes') },
        {
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resource: `arn:${partition}:kms:${region}:${account}:key/${parts.id('AWS::KMS::Key', 'TopicsKey')}`,
        },
      ];
  }
}

/** The one change, as the function requests it: the role guard denies any other. */
const requireTokens = (
  region: string,
  { partition, account }: { readonly partition: string; readonly account: string },
): Need => ({
  actions: ['ec2:ModifyInstanceMetadataOptions'],
  resource: `arn:${partition}:ec2:${region}:${account}:instance/i-00000000000000000`,
  keys: {
    'ec2:Attribute/HttpTokens': 'required',
    'ec2:MetadataHttpEndpoint': 'enabled',
    'aws:RequestedRegion': region,
  },
});
