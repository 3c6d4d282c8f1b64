import type { Statement } from '../iam/policy.ts';
import { list, text } from '../wire/params.ts';
import type { Intrinsics } from './intrinsics.ts';
import { resourcesOf, type Template } from './template.ts';

/**
 * Only EC2 evaluates policies.
 *
 * Other statements may refer to resources that the local AWS does not have.
 */
const EVALUATED = /^(ec2:.*|\*)$/;

/**
 * The policy statements of a role that concern EC2.
 *
 * @returns `undefined` for a role without policies in this stack: every action is allowed.
 */
export function policiesOf(
  template: Template,
  intrinsics: Intrinsics,
  roleName: string,
): readonly Statement[] | undefined {
  const attached = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
    .flatMap((type) => resourcesOf(template, type))
    .filter(([id, { Properties = {} }]) =>
      list({ roles: intrinsics.resolve(Properties.Roles, `${id}.Roles`) }, 'roles').includes(roleName),
    );
  const inline = resourcesOf(template, 'AWS::IAM::Role')
    .filter(([id]) => intrinsics.nameOf(id) === roleName)
    .flatMap(([id, { Properties = {} }]) => list(Properties, 'Policies').map((policy) => [id, policy] as const));
  const policies = [...attached.map(([id, { Properties }]) => [id, Properties] as const), ...inline];
  if (policies.length === 0) return undefined;
  return policies.flatMap(([id, policy]) =>
    list(policy, 'PolicyDocument', 'Statement')
      .filter(isEvaluated)
      .map((statement) => intrinsics.resolve(statement, id) as Statement),
  );
}

const isEvaluated = (statement: unknown): boolean => {
  const actions = [...list(statement, 'Action'), text(statement, 'Action')];
  return list(statement, 'NotAction').length > 0 || actions.some((action) => EVALUATED.test(String(action)));
};
