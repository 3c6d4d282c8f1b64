import { conditionHolds, type Conditions } from './conditions.ts';
import { likeness } from './wildcard.ts';

/** A statement of a policy, with its references resolved. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Conditions;
}

/** What a caller wants to do, and what conditions can ask about it. */
export interface AccessRequest {
  /** Such as `ec2:DescribeInstances`. */
  readonly action: string;
  /** ARN, or `*` for actions without resource. */
  readonly resource: string;
  /** Values of condition keys; several for a key that has several. */
  readonly keys: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export type Verdict = 'allowed' | 'explicit-deny' | 'implicit-deny';

/**
 * One Deny outweighs every Allow, and what nothing allows is denied.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function judge(statements: readonly Statement[], request: AccessRequest): Verdict {
  const effects = new Set(statements.filter((statement) => applies(statement, request)).map(({ Effect }) => Effect));
  if (effects.has('Deny')) return 'explicit-deny';
  return effects.has('Allow') ? 'allowed' : 'implicit-deny';
}

function applies(statement: Statement, { action, resource, keys }: AccessRequest): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const among = (patterns: string | readonly string[], value: string, flags?: string) =>
    [patterns].flat().some((pattern) => likeness(pattern, flags).test(value));
  const named = Action === undefined ? !among(NotAction ?? '*', action, 'i') : among(Action, action, 'i');
  const covered = Resource === undefined ? !among(NotResource ?? '*', resource) : among(Resource, resource);
  return named && covered && conditionHolds(Condition, keys);
}
