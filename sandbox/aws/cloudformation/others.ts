import type { Alarms } from '../cloudwatch/alarms.ts';
import type { Roles } from '../iam/roles.ts';
import type { Keys } from '../kms/keys.ts';
import { texts } from '../wire/params.ts';
import type { Intrinsics } from './intrinsics.ts';
import { policiesOf } from './roles.ts';
import type { Resource, Template } from './template.ts';

/** Adds an `AWS::IAM::Role` with the policies that the template attaches to it. */
export function addRole(id: string, template: Template, intrinsics: Intrinsics, roles: Roles): void {
  const name = intrinsics.nameOf(id);
  const trust = intrinsics.resolve(template.Resources?.[id]?.Properties?.AssumeRolePolicyDocument, id);
  const policies = policiesOf(template, intrinsics, name);
  roles.add({
    name,
    arn: intrinsics.arnOf(id),
    trust: JSON.stringify(trust),
    policies,
    unlimited: policies.size === 0,
  });
}

/** Adds an `AWS::KMS::Key`. */
export function addKey(id: string, { Properties = {} }: Resource, intrinsics: Intrinsics, keys: Keys): void {
  const policy = JSON.stringify(intrinsics.resolve(Properties.KeyPolicy ?? {}, id));
  keys.add({ id: intrinsics.physicalIdOf(id), arn: intrinsics.arnOf(id), state: 'Enabled', policy });
}

/** Adds an `AWS::CloudWatch::Alarm`. */
export function addAlarm(
  id: string,
  { Properties = {} }: Resource,
  intrinsics: Intrinsics,
  { region, alarms }: { readonly region: string; readonly alarms: Alarms },
): void {
  const actions = texts({ actions: intrinsics.resolve(Properties.AlarmActions ?? [], id) }, 'actions');
  const actionsEnabled = Properties.ActionsEnabled !== false;
  alarms.add({ name: intrinsics.nameOf(id), arn: intrinsics.arnOf(id), region, actions, actionsEnabled });
}
