import { TAG } from '../../lambda/contract.ts';
import { UsageError } from '../common/command.ts';

/** The parameters of a guard rail. */
export interface GuardRailChoice {
  /** `aws`, `aws-us-gov`, `aws-cn`, … */
  readonly partition: string;
  /** ARNs of roles that the policy does not apply to. */
  readonly breakGlassRoles: readonly string[];
}

/** A policy that prevents IMDSv1. */
export interface GuardRail {
  readonly name: string;
  /** Policy type, as named by AWS. */
  readonly kind: 'SERVICE_CONTROL_POLICY' | 'IAM policy' | 'DECLARATIVE_POLICY_EC2';
  readonly does: string;
  readonly doesNotCover: string;
  /** @param except condition that exempts the break-glass roles. */
  readonly document: (parts: { readonly instances: string; readonly except: object }) => object;
}

/**
 * Maximum size of a service control policy in characters; the API counts whitespace.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
 */
const SCP_LIMIT = 5_120;

/**
 * The document of a guard rail, as AWS accepts it.
 *
 * @throws UsageError if it exceeds the maximum size.
 */
export function textOf({ name, kind, document }: GuardRail, { partition, breakGlassRoles }: GuardRailChoice): string {
  const instances = `arn:${partition}:ec2:*:*:instance/*`;
  // For a role session, `aws:PrincipalArn` is the ARN of the role.
  const except = breakGlassRoles.length === 0 ? {} : { ArnNotLike: { 'aws:PrincipalArn': breakGlassRoles } };
  const text = JSON.stringify(document({ instances, except }), null, 2);
  if (kind !== 'SERVICE_CONTROL_POLICY' || text.length <= SCP_LIMIT) return text;
  throw new UsageError(
    `${name} would have ${text.length} characters, the maximum is ${SCP_LIMIT}: name fewer roles, or one with a shorter path`,
  );
}

const scp = (...Statement: readonly object[]) => ({ Version: '2012-10-17', Statement });

const deny = (Sid: string, Action: string | readonly string[], Resource: string, Condition: object) => ({
  Sid,
  Effect: 'Deny',
  Action,
  Resource,
  Condition,
});

const EXEMPTION_TAGS = { 'ForAnyValue:StringEquals': { 'aws:TagKeys': Object.values(TAG) } };

const defaults = (more: object = {}) => ({
  ec2_attributes: {
    instance_metadata_defaults: {
      http_tokens: { '@@assign': 'required' },
      http_put_response_hop_limit: { '@@assign': '-1' },
      http_endpoint: { '@@assign': 'no_preference' },
      instance_metadata_tags: { '@@assign': 'no_preference' },
      ...more,
    },
    exception_message: { '@@assign': 'Your organization requires IMDSv2: launch with HttpTokens=required.' },
  },
});

/**
 * All guard rails.
 *
 * In RunInstances `ec2:MetadataHttp…` has the requested values. In ModifyInstanceMetadataOptions it has the current values of the
 * instance, and `ec2:Attribute/…` the requested ones.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-instance-metadata
 */
export const GUARD_RAILS: readonly GuardRail[] = [
  {
    name: 'require-imdsv2',
    kind: 'SERVICE_CONTROL_POLICY',
    does: 'Denies launches that do not require IMDSv2, and enabling IMDSv1 on an instance, except by the break-glass roles.',
    doesNotCover:
      'launches by service-linked roles (Auto Scaling, Spot and EC2 Fleet), which SCPs do not apply to; the management account; instances that have IMDSv1 enabled already. A launch that relies on the account default or the AMI may be denied as well: set HttpTokens=required.',
    document: ({ instances, except }) =>
      scp(
        deny('DenyLaunchWithoutImdsv2', 'ec2:RunInstances', instances, {
          StringNotEquals: { 'ec2:MetadataHttpTokens': 'required' },
        }),
        deny('DenyEnablingImdsv1', 'ec2:ModifyInstanceMetadataOptions', instances, {
          StringNotEquals: { 'ec2:Attribute/HttpTokens': 'required' },
          Null: { 'ec2:Attribute/HttpTokens': 'false' },
          ...except,
        }),
        deny('DenyEnablingImdsWithImdsv1', 'ec2:ModifyInstanceMetadataOptions', instances, {
          StringEquals: {
            'ec2:Attribute/HttpEndpoint': 'enabled',
            'ec2:MetadataHttpEndpoint': 'disabled',
            'ec2:MetadataHttpTokens': 'optional',
          },
          Null: { 'ec2:Attribute/HttpTokens': 'true' },
          ...except,
        }),
      ),
  },
  {
    name: 'protect-exemptions',
    kind: 'SERVICE_CONTROL_POLICY',
    does: 'Denies setting and removing the exemption tags, except by the break-glass roles: on instances, in launches and the launch templates that they name, and on Auto Scaling groups.',
    doesNotCover:
      'tags in a launch template of an Auto Scaling group or a fleet: a service-linked role sets them, which SCPs do not apply to, and no condition key covers the content of a template (alerts report them as self-granted); the management account. `imdsv2 exempt` and `imdsv2 rollback` stop working for other roles.',
    document: ({ instances, except }) =>
      scp(
        // EC2 also checks CreateTags for tags in a launch, or in the launch template that it names.
        // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
        deny('DenyExemptionTags', ['ec2:CreateTags', 'ec2:DeleteTags'], instances, { ...EXEMPTION_TAGS, ...except }),
        deny(
          'DenyExemptionTagsOfGroups',
          ['autoscaling:CreateAutoScalingGroup', 'autoscaling:CreateOrUpdateTags'],
          '*',
          { ...EXEMPTION_TAGS, ...except },
        ),
      ),
  },
  {
    name: 'deny-imdsv1-credentials',
    kind: 'IAM policy',
    does: 'Denies every call with credentials that were retrieved through IMDSv1: attached to instance roles, or as an SCP for all of them.',
    doesNotCover:
      'IMDSv1 itself: it stays enabled, and user data and metadata can be read; credentials that do not come from an instance role. Workloads that use IMDSv1 stop working: check the metric MetadataNoToken first.',
    document: () => scp(deny('DenyCredentialsOfImdsv1', '*', '*', { NumericLessThan: { 'ec2:RoleDelivery': '2.0' } })),
  },
  {
    name: 'account-defaults',
    kind: 'DECLARATIVE_POLICY_EC2',
    does: 'Makes IMDSv2 the default for launches that do not set HttpTokens, in every account and Region below the target; an account cannot change the default.',
    doesNotCover:
      'launches and launch templates that set HttpTokens=optional; existing instances, and enabling IMDSv1 on them.',
    document: () => defaults(),
  },
  {
    name: 'account-enforcement',
    kind: 'DECLARATIVE_POLICY_EC2',
    does: 'As account-defaults; in addition EC2 refuses every launch with IMDSv1 and every call that enables it, without exception.',
    doesNotCover:
      'instances that have IMDSv1 enabled already. Launches from templates with HttpTokens=optional fail, including those of Auto Scaling, and so does `imdsv2 rollback`.',
    document: () => defaults({ http_tokens_enforced: { '@@assign': 'enabled' } }),
  },
];
