import type { Statement } from '../iam/policy.ts';
import { list, text } from '../wire/params.ts';
import type { Intrinsics } from './intrinsics.ts';
import { resourcesOf, type Template } from './template.ts';

/** Only EC2 judges its callers here, and other statements refer to resources that the local AWS has not. */
const JUDGED = /^(ec2:.*|\*)$/;

/**
 * What the stack lets a role do in EC2.
 *
 * @returns nothing for a role that has no policy in this stack: it is not judged.
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
      .filter(isJudged)
      .map((statement) => intrinsics.resolve(statement, id) as Statement),
  );
}

const isJudged = (statement: unknown): boolean => {
  const actions = [...list(statement, 'Action'), text(statement, 'Action')];
  return list(statement, 'NotAction').length > 0 || actions.some((action) => JUDGED.test(String(action)));
};
