import { matchesConditions } from '../../../sandbox/aws/iam/conditions.ts';
import { judge, type Statement } from '../../../sandbox/aws/iam/policy.ts';

const allow = (more: Partial<Statement>): Statement => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });
const deny = (more: Partial<Statement>): Statement => ({ ...allow(more), Effect: 'Deny' });
const request = { action: 'ec2:StopInstances', resource: 'arn:aws:ec2:us-east-1:1:instance/i-1', keys: {} };

test.each<[what: string, statements: Statement[], verdict: string]>([
  ['no statement', [], 'implicit-deny'],
  ['an Allow', [allow({})], 'allowed'],
  ['a Deny overrides an Allow in any order', [deny({}), allow({}), allow({})], 'explicit-deny'],
  ['a Deny of another action', [allow({}), deny({ Action: 'ec2:StartInstances' })], 'allowed'],
  ['actions in any case, with wildcards', [allow({ Action: ['sns:*', 'EC2:Stop?nstances'] })], 'allowed'],
  ['a dot is no wildcard', [allow({ Resource: 'arn.aws*' })], 'implicit-deny'],
  ['resources with wildcards', [allow({ Resource: ['arn:aws:ec2:*:1:instance/*'] })], 'allowed'],
  ['another resource', [allow({ Resource: 'arn:aws:ec2:*:2:instance/*' })], 'implicit-deny'],
  ['NotAction', [{ Effect: 'Allow', NotAction: 'ec2:Stop*', Resource: '*' }], 'implicit-deny'],
  ['NotResource', [allow({}), { Effect: 'Deny', Action: '*', NotResource: '*i-2' }], 'explicit-deny'],
  ['a condition that does not match', [allow({ Condition: { StringEquals: { a: 'b' } } })], 'implicit-deny'],
])('%s', (_what, statements, verdict) => {
  expect(judge(statements, request)).toBe(verdict);
});

test.each<[operator: string, key: string, wanted: unknown, matches: boolean]>([
  ['StringEquals', 'tokens', 'required', true],
  ['StringEquals', 'TOKENS', ['other', 'required'], true],
  ['StringEquals', 'tokens', 'Required', false],
  ['StringEqualsIgnoreCase', 'tokens', 'Required', true],
  ['StringEquals', 'absent', 'required', false],
  ['StringEqualsIfExists', 'absent', 'required', true],
  ['StringNotEquals', 'tokens', 'required', false],
  ['StringNotEquals', 'tokens', ['optional', 'other'], true],
  ['StringNotEquals', 'absent', 'required', true],
  ['StringLike', 'tokens', 'req*', true],
  ['StringNotLike', 'tokens', 'req*', false],
  ['ArnLike', 'arn', 'arn:aws:iam::*:role/x', true],
  ['Bool', 'secure', true, true],
  ['Null', 'absent', 'true', true],
  ['Null', 'tokens', 'true', false],
  ['Null', 'tokens', 'false', true],
  ['NumericGreaterThan', 'hops', '2', true],
  ['NumericLessThanEquals', 'hops', 2, false],
  ['ForAllValues:StringEquals', 'tags', ['a', 'b', 'c'], true],
  ['ForAllValues:StringEquals', 'tags', ['a'], false],
  ['ForAllValues:StringEquals', 'absent', ['a'], true],
  ['ForAnyValue:StringEquals', 'tags', ['a'], true],
  ['ForAnyValue:StringEquals', 'absent', ['a'], false],
])('%s %s %j: %s', (operator, key, wanted, matches) => {
  const keys = { tokens: 'required', hops: '3', secure: 'true', arn: 'arn:aws:iam::1:role/x', tags: ['a', 'b'] };
  expect(matchesConditions({ [operator]: { [key]: wanted } }, keys)).toBe(matches);
});

test('throws for a condition operator that is not supported', () => {
  expect(() => matchesConditions({ DateEquals: { 'aws:CurrentTime': 'x' } }, {})).toThrow(/DateEquals/);
});
