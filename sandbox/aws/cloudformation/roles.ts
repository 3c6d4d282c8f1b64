import type { Statement } from '../iam/policy.ts';
import { list, text } from '../wire/params.ts';
import type { Intrinsics } from './intrinsics.ts';
import { resourcesOf, type Template, TemplateError } from './template.ts';

/** The policies of a role in a stack, inline and attached, by name. */
export function policiesOf(
  template: Template,
  intrinsics: Intrinsics,
  roleName: string,
): Map<string, readonly Statement[]> {
  const attached = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
    .flatMap((type) => resourcesOf(template, type))
    .filter(([id, { Properties = {} }]) =>
      list({ roles: intrinsics.resolve(Properties.Roles, `${id}.Roles`) }, 'roles').includes(roleName),
    )
    .map(([id, { Properties }]) => [id, text(Properties, 'PolicyName') ?? id, Properties] as const);
  const inline = resourcesOf(template, 'AWS::IAM::Role')
    .filter(([id]) => intrinsics.nameOf(id) === roleName)
    .flatMap(([id, { Properties = {} }]) =>
      list(Properties, 'Policies').map((policy) => [id, text(policy, 'PolicyName') ?? id, policy] as const),
    );
  return new Map(
    [...attached, ...inline].map(([id, name, policy]) => [
      name,
      list(policy, 'PolicyDocument', 'Statement').flatMap((statement) => resolved(statement, id, intrinsics)),
    ]),
  );
}

/** A statement with its references; none if it refers to something that the local AWS does not have. */
function resolved(statement: unknown, id: string, intrinsics: Intrinsics): Statement[] {
  try {
    return [intrinsics.resolve(statement, id) as Statement];
  } catch (error) {
    if (error instanceof TemplateError) return [];
    throw error;
  }
}
