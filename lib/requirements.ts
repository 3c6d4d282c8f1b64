import { Aspects, type IAspect, Stack, Tags } from 'aws-cdk-lib';
import { CfnRole, ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { type Construct, type IConstruct } from 'constructs';
import type { Settings } from './settings.ts';

/** What a company requires of the resources of every stack. */
export type Requirements = Pick<Settings, 'permissionsBoundary' | 'rolePath' | 'logKmsKeyArn' | 'tags'>;

/** Applies the requirements of a company to all resources in a scope. */
export function applyRequirements(scope: Construct, requirements: Partial<Requirements>): void {
  const { permissionsBoundary, rolePath, logKmsKeyArn, tags = {} } = requirements;
  if (permissionsBoundary !== undefined) {
    const arn = permissionsBoundary.startsWith('arn:') ? permissionsBoundary : policyArn(scope, permissionsBoundary);
    PermissionsBoundary.of(scope).apply(ManagedPolicy.fromManagedPolicyArn(scope, 'PermissionsBoundary', arn));
  }
  for (const [key, value] of Object.entries(tags)) Tags.of(scope).add(key, value);
  if (rolePath !== undefined) {
    Aspects.of(scope).add(on(CfnRole, (role) => (role.path = rolePath)));
  }
  if (logKmsKeyArn !== undefined) {
    Aspects.of(scope).add(on(CfnLogGroup, (logGroup) => (logGroup.kmsKeyId = logKmsKeyArn)));
  }
}

const policyArn = (scope: Construct, resourceName: string): string =>
  Stack.of(scope).formatArn({ service: 'iam', region: '', resource: 'policy', resourceName });

/** Changes each resource of a type. */
const on = <T extends IConstruct>(
  type: abstract new (...args: never[]) => T,
  change: (resource: T) => void,
): IAspect => ({
  visit: (node) => {
    if (node instanceof type) change(node);
  },
});
