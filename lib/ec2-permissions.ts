import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledgeRole } from './acknowledgements.ts';
import type { Settings } from './settings.ts';

const MODIFY = 'ec2:ModifyInstanceMetadataOptions';

/**
 * Lets a role look at every instance and, if it `changes` them, require tokens; the denies are there either way, and cost nothing.
 *
 * The change comes last, so that a diff between the modes shows one statement and moves no other.
 */
export function grantEc2(role: Role, { roleGuard }: Settings, { changes }: { readonly changes: boolean }): void {
  const stack = Stack.of(role);
  // Every region: a function works in the region of the event.
  const instances = stack.formatArn({ service: 'ec2', region: '*', resource: 'instance', resourceName: '*' });
  role.addToPolicy(new PolicyStatement({ actions: ['ec2:DescribeInstances'], resources: ['*'] }));
  for (const { sid, conditions } of roleGuard === 'on' ? ROLE_GUARD : []) {
    role.addToPolicy(
      new PolicyStatement({ sid, effect: Effect.DENY, actions: [MODIFY], resources: ['*'], conditions }),
    );
  }
  if (changes) role.addToPolicy(new PolicyStatement({ actions: [MODIFY], resources: [instances] }));
  acknowledgeRole(role, instances);
}

/**
 * `ec2:Attribute/…` is what the request asks for, `ec2:MetadataHttpEndpoint` what the instance has now. Negated operators also
 * match an absent key; never use the `…IfExists` forms here, they would let through a request that does not say.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-instance-metadata
 */
const ROLE_GUARD = [
  { sid: 'DenyOptionalTokens', conditions: { StringNotEquals: { 'ec2:Attribute/HttpTokens': 'required' } } },
  { sid: 'DenySwitchingImdsOff', conditions: { StringEquals: { 'ec2:Attribute/HttpEndpoint': 'disabled' } } },
  { sid: 'DenySwitchingImdsOn', conditions: { StringEquals: { 'ec2:MetadataHttpEndpoint': 'disabled' } } },
];
