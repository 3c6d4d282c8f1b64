import { type Conditions, matchesConditions } from './conditions.ts';
import { likeness } from './wildcard.ts';

/** A policy statement without references. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Conditions;
}

/** A requested action on a resource, with the values of condition keys. */
export interface AccessRequest {
  /** Such as `ec2:DescribeInstances`. */
  readonly action: string;
  /** An ARN, or `*` for actions without resource. */
  readonly resource: string;
  /** Values of condition keys, by name. */
  readonly keys: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export type Verdict = 'allowed' | 'explicit-deny' | 'implicit-deny';

/**
 * Evaluates policy statements. An explicit deny overrides every allow.
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
  return named && covered && matchesConditions(Condition, keys);
}
