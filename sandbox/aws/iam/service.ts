import { ApiError } from '../wire/errors.ts';
import type { ApiCall, Service } from '../wire/gateway.ts';
import { list, type Params, text, texts } from '../wire/params.ts';
import type { ResponseValue } from '../wire/xml.ts';
import { judge, type Statement, type Verdict } from './policy.ts';
import type { Role, Roles } from './roles.ts';

const CREATED = new Date('2026-01-01T00:00:00Z');

/** IAM for the roles of the deployed stacks. https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html */
export class IamService implements Service {
  readonly #roles: Roles;

  public constructor(roles: Roles) {
    this.#roles = roles;
  }

  public handle({ action, params }: ApiCall): ResponseValue {
    // Of the account, not of a role.
    if (action === 'ListAccountAliases') return { AccountAliases: ['local-aws'], IsTruncated: false };
    const role = this.#role(text(params, 'RoleName') ?? text(params, 'PolicySourceArn') ?? '');
    switch (action) {
      case 'GetRole':
        return { Role: shape(role) };
      case 'ListRolePolicies':
        return { PolicyNames: [...role.policies.keys()], IsTruncated: false };
      case 'PutRolePolicy':
        role.policies.set(text(params, 'PolicyName') ?? '', statementsIn(text(params, 'PolicyDocument') ?? ''));
        return {};
      case 'DeleteRolePolicy': {
        const name = text(params, 'PolicyName') ?? '';
        if (!role.policies.delete(name)) throw missing(`The role policy with name ${name} cannot be found.`);
        return {};
      }
      case 'UpdateAssumeRolePolicy':
        role.trust = text(params, 'PolicyDocument') ?? '';
        return {};
      case 'DeleteRole':
        if (role.policies.size > 0)
          throw new ApiError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
        this.#roles.delete(role);
        return {};
      case 'SimulatePrincipalPolicy':
        return this.#simulate(role, params);
      default:
        throw new ApiError('InvalidAction', `The local AWS has no iam:${action}`);
    }
  }

  #role(name: string): Role {
    const role = this.#roles.get(name);
    if (role === undefined) throw missing(`The role with name ${name} cannot be found.`);
    return role;
  }

  #simulate(role: Role, params: Params): ResponseValue {
    const statements: readonly Statement[] = this.#roles.statementsOf(role.name) ?? [
      { Effect: 'Allow', Action: '*', Resource: '*' },
    ];
    const keys = Object.fromEntries(
      list(params, 'ContextEntries').map((entry) => [
        text(entry, 'ContextKeyName') ?? '',
        texts(entry, 'ContextKeyValues'),
      ]),
    );
    const resources = texts(params, 'ResourceArns');
    const EvaluationResults = texts(params, 'ActionNames').flatMap((action) =>
      (resources.length > 0 ? resources : ['*']).map((resource) => ({
        EvalActionName: action,
        EvalResourceName: resource,
        EvalDecision: DECISIONS[judge(statements, { action, resource, keys })],
        MatchedStatements: [],
        MissingContextValues: [],
      })),
    );
    return { EvaluationResults, IsTruncated: false };
  }
}

const DECISIONS: Readonly<Record<Verdict, string>> = {
  allowed: 'allowed',
  'explicit-deny': 'explicitDeny',
  'implicit-deny': 'implicitDeny',
};

const missing = (message: string): ApiError => new ApiError('NoSuchEntity', message, 404);

/** Documents are URL-encoded in responses. */
const shape = ({ name, arn, trust }: Role): ResponseValue => ({
  Path: '/',
  RoleName: name,
  RoleId: 'AROALOCALROLE0000000',
  Arn: arn,
  CreateDate: CREATED,
  AssumeRolePolicyDocument: encodeURIComponent(trust),
});

function statementsIn(document: string): readonly Statement[] {
  const { Statement: statements = [] } = JSON.parse(document) as { Statement?: Statement | Statement[] };
  return [statements].flat();
}
