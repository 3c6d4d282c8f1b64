import { TAG } from '../../lambda/contract.ts';
import { UsageError } from '../shared/command.ts';

/** What a guard rail may be told. */
export interface GuardRailChoice {
  /** `aws`, `aws-us-gov`, `aws-cn`, … */
  readonly partition: string;
  /** ARNs of the roles that may do all the same. */
  readonly breakGlassRoles: readonly string[];
}

/** A policy that prevents what this product otherwise finds. */
export interface GuardRail {
  readonly name: string;
  /** The kind of policy, as AWS calls it. */
  readonly kind: 'SERVICE_CONTROL_POLICY' | 'IAM policy' | 'DECLARATIVE_POLICY_EC2';
  readonly does: string;
  readonly doesNotCover: string;
  readonly document: (choice: GuardRailChoice) => object;
}

/**
 * The most characters that a service control policy may have; what the API is given counts with its blanks.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
 */
const SCP_LIMIT = 5_120;

/**
 * The text of a guard rail, as AWS takes it.
 *
 * @throws UsageError if it is longer than AWS allows.
 */
export function textOf({ name, kind, document }: GuardRail, choice: GuardRailChoice): string {
  const text = JSON.stringify(document(choice), null, 2);
  if (kind !== 'SERVICE_CONTROL_POLICY' || text.length <= SCP_LIMIT) return text;
  throw new UsageError(
    `${name} would have ${text.length} characters; AWS takes ${SCP_LIMIT}: name fewer roles, or one with a shorter path`,
  );
}

const scp = (...Statement: readonly object[]) => ({ Version: '2012-10-17', Statement });

const instances = ({ partition }: GuardRailChoice): string => `arn:${partition}:ec2:*:*:instance/*`;

const deny = (Sid: string, Action: string | readonly string[], Resource: string, Condition: object) => ({
  Sid,
  Effect: 'Deny',
  Action,
  Resource,
  Condition,
});

/** For a role in a session `aws:PrincipalArn` is the ARN of the role, not of the session. */
const exceptFor = ({ breakGlassRoles }: GuardRailChoice): object =>
  breakGlassRoles.length === 0 ? {} : { ArnNotLike: { 'aws:PrincipalArn': breakGlassRoles } };

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
 * Every guard rail.
 *
 * For RunInstances `ec2:MetadataHttp…` is what the launch asks for; for ModifyInstanceMetadataOptions it is what the instance has
 * now, and `ec2:Attribute/…` is what the call asks for.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-instance-metadata
 */
export const GUARD_RAILS: readonly GuardRail[] = [
  {
    name: 'require-imdsv2',
    kind: 'SERVICE_CONTROL_POLICY',
    does: 'No launch that does not require IMDSv2, and no way back to IMDSv1 but for the break-glass roles.',
    doesNotCover:
      'launches by service-linked roles (Auto Scaling, Spot and EC2 Fleet), which no SCP binds; the management account; instances that are open already. A launch that leaves it to the account default or the AMI may be denied as well: say HttpTokens=required.',
    document: (choice) =>
      scp(
        deny('DenyLaunchWithoutImdsv2', 'ec2:RunInstances', instances(choice), {
          StringNotEquals: { 'ec2:MetadataHttpTokens': 'required' },
        }),
        deny('DenySetBack', 'ec2:ModifyInstanceMetadataOptions', instances(choice), {
          StringNotEquals: { 'ec2:Attribute/HttpTokens': 'required' },
          Null: { 'ec2:Attribute/HttpTokens': 'false' },
          ...exceptFor(choice),
        }),
        deny('DenySwitchingImdsOnWithImdsv1', 'ec2:ModifyInstanceMetadataOptions', instances(choice), {
          StringEquals: {
            'ec2:Attribute/HttpEndpoint': 'enabled',
            'ec2:MetadataHttpEndpoint': 'disabled',
            'ec2:MetadataHttpTokens': 'optional',
          },
          Null: { 'ec2:Attribute/HttpTokens': 'true' },
          ...exceptFor(choice),
        }),
      ),
  },
  {
    name: 'protect-exemptions',
    kind: 'SERVICE_CONTROL_POLICY',
    does: 'Nobody but the break-glass roles sets or removes the exemption tags: not on an instance, not in a launch or through the launch template it names, not on an Auto Scaling group.',
    doesNotCover:
      'tags in a launch template from which Auto Scaling or a fleet launches: a service-linked role writes them, which no SCP binds, and no condition looks into a template (alerts call these self-granted); the management account; `imdsv2 exempt` and `imdsv2 rollback` by anybody else, which stop working.',
    document: (choice) =>
      scp(
        // EC2 asks for CreateTags also where a launch, or the launch template that it names, brings tags along.
        // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
        deny('DenyExemptionTags', ['ec2:CreateTags', 'ec2:DeleteTags'], instances(choice), {
          ...EXEMPTION_TAGS,
          ...exceptFor(choice),
        }),
        deny(
          'DenyExemptionTagsOfGroups',
          ['autoscaling:CreateAutoScalingGroup', 'autoscaling:CreateOrUpdateTags'],
          '*',
          {
            ...EXEMPTION_TAGS,
            ...exceptFor(choice),
          },
        ),
      ),
  },
  {
    name: 'deny-imdsv1-credentials',
    kind: 'IAM policy',
    does: 'What was fetched over IMDSv1 opens nothing: for the roles of instances, or as an SCP for all of them.',
    doesNotCover:
      'IMDSv1 itself: it still answers, and user data and metadata can be read; credentials that no instance role stands behind. What still uses IMDSv1 stops working: look at MetadataNoToken first.',
    document: () => scp(deny('DenyCredentialsOfImdsv1', '*', '*', { NumericLessThan: { 'ec2:RoleDelivery': '2.0' } })),
  },
  {
    name: 'account-defaults',
    kind: 'DECLARATIVE_POLICY_EC2',
    does: 'What is launched without saying so requires IMDSv2, in every account and region below; an account cannot change that default.',
    doesNotCover:
      'launches and launch templates that say HttpTokens=optional; instances that exist, and setting them back.',
    document: () => defaults(),
  },
  {
    name: 'account-enforcement',
    kind: 'DECLARATIVE_POLICY_EC2',
    does: 'As account-defaults, and EC2 refuses every launch with IMDSv1 and every way back to it, whoever asks.',
    doesNotCover:
      'instances that answer IMDSv1 already. It knows no exception: launches from templates that say optional fail, those of Auto Scaling too, and `imdsv2 rollback` fails.',
    document: () => defaults({ http_tokens_enforced: { '@@assign': 'enabled' } }),
  },
];
