/** The findings of cdk-nag that are accepted, with the reason for each. */
import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { Policy, Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** Findings of the role of a function. @param instances the ARN of all instances, as in its policy. */
export function acknowledgeRole(role: Role, instances: string): void {
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'ec2:DescribeInstances, ec2:GetInstanceMetadataDefaults and cloudwatch:GetMetricData have no resource-level permissions.',
    },
    {
      id: `AwsSolutions-IAM5[Resource::${readable(role, instances)}]`,
      reason: 'Any instance of the account may need remediation; three denies limit the change to requiring tokens.',
    },
  );
}

/** Findings of the role of the notifier. */
export function acknowledgePublisher(role: Role): void {
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]',
      reason:
        'The SNS developer guide asks for this action of publishers to an encrypted topic; it is on one key only.',
    },
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'cloudtrail:LookupEvents has no resource-level permissions.',
    },
  );
}

/** Findings of reads without resource-level permissions. */
export function acknowledgeWideReads(role: Role): void {
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'Reads of EC2, metrics and rules have no resource-level permissions, or apply to all trails.',
  });
}

/** Findings of the reads of the health checks. @param arns those with wildcards, as in its policy. */
export function acknowledgeHealthReads(policy: Policy, arns: readonly string[]): void {
  const reason =
    'Reads only: of trails, alarms, subscriptions and event source mappings, which have no resource-level ' +
    'permissions or apply to all; and of rules and roles of other Regions, whose names are not known at synth.';
  Validations.of(policy).acknowledge(
    ...arns.map((arn) => ({ id: `AwsSolutions-IAM5[Resource::${readable(policy, arn)}]`, reason })),
  );
}

/** Findings of the bucket of `ManagementTrail`. */
export function acknowledgeTrailBucket(bucket: Bucket): void {
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason: 'The bucket contains nothing but the trail; access logs would need a second bucket.',
  });
}

/** Findings of the dead-letter queue of `ForwarderStack`. */
export function acknowledgeForwarderDeadLetterQueue(queue: Queue): void {
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is the dead-letter queue of the rules, which cdk-nag does not check.',
  });
}

/** cdk-nag writes references as `<AWS::Partition>` in the ids of its findings. */
function readable(scope: Construct, arn: string): string {
  const { account, partition, region } = Stack.of(scope);
  return [account, partition, region].reduce(
    (text, part) => (Token.isUnresolved(part) ? text.replaceAll(part, `<${refOf(scope, part)}>`) : text),
    arn,
  );
}

function refOf(scope: Construct, token: string): string {
  return (Stack.of(scope).resolve(token) as { readonly Ref: string }).Ref;
}
