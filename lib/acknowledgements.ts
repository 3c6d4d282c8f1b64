/** The findings of cdk-nag that are accepted, with the reason for each. */
import { Stack, Token, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';

/** Findings of the role of a function. @param instances the ARN of all instances, as in its policy. */
export function acknowledgeRole(role: Role, instances: string): void {
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ec2:DescribeInstances and cloudwatch:GetMetricData have no resource-level permissions.',
    },
    {
      id: `AwsSolutions-IAM5[Resource::${readable(role, instances)}]`,
      reason: 'Any instance of the account may need remediation; three denies limit the change to requiring tokens.',
    },
  );
}

/** Findings of the role of the notifier. */
export function acknowledgePublisher(role: Role): void {
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]',
    reason: 'The SNS developer guide asks for this action of publishers to an encrypted topic; it is on one key only.',
  });
}

/** Findings of reads without resource-level permissions. */
export function acknowledgeWideReads(role: Role): void {
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'Reads of EC2, metrics, rules and trails have no resource-level permissions, or apply to all trails.',
  });
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
function readable(role: Role, arn: string): string {
  const { account, partition } = Stack.of(role);
  return [account, partition].reduce(
    (text, part) => (Token.isUnresolved(part) ? text.replaceAll(part, `<${refOf(role, part)}>`) : text),
    arn,
  );
}

function refOf(role: Role, token: string): string {
  return (Stack.of(role).resolve(token) as { readonly Ref: string }).Ref;
}
