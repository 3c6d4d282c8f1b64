import { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledgeRole } from './acknowledgements.ts';
import type { Settings } from './settings.ts';

const MODIFY = 'ec2:ModifyInstanceMetadataOptions';

/**
 * Grants a role to describe all instances and the metadata defaults of the account and, with `changes`, to require tokens
 * on instances.
 *
 * The denies apply either way. The grant of the change is the last statement, so that a change of `mode` shows as one
 * statement in a diff.
 */
export function grantEc2(role: Role, { roleGuard }: Settings, { changes }: { readonly changes: boolean }): void {
  const stack = Stack.of(role);
  // In every region, because a function works in the region of the event.
  const instances = stack.formatArn({ service: 'ec2', region: '*', resource: 'instance', resourceName: '*' });
  const reads = ['ec2:DescribeInstances', 'ec2:GetInstanceMetadataDefaults'];
  role.addToPolicy(new PolicyStatement({ actions: reads, resources: ['*'] }));
  for (const { sid, conditions } of roleGuard === 'on' ? ROLE_GUARD : []) {
    role.addToPolicy(
      new PolicyStatement({ sid, effect: Effect.DENY, actions: [MODIFY], resources: ['*'], conditions }),
    );
  }
  if (changes) role.addToPolicy(new PolicyStatement({ actions: [MODIFY], resources: [instances] }));
  acknowledgeRole(role, instances);
}

/**
 * `ec2:Attribute/…` is the value in the request, `ec2:MetadataHttpEndpoint` the current value of the instance. Negated
 * operators also match an absent key. Do not use the `…IfExists` operators: they would allow a request without the
 * attribute.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-instance-metadata
 */
const ROLE_GUARD = [
  { sid: 'DenyOptionalTokens', conditions: { StringNotEquals: { 'ec2:Attribute/HttpTokens': 'required' } } },
  { sid: 'DenySwitchingImdsOff', conditions: { StringEquals: { 'ec2:Attribute/HttpEndpoint': 'disabled' } } },
  { sid: 'DenySwitchingImdsOn', conditions: { StringEquals: { 'ec2:MetadataHttpEndpoint': 'disabled' } } },
];
