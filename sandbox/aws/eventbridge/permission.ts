import { matchesConditions, type Conditions } from '../iam/conditions.ts';
import { judge } from '../iam/policy.ts';
import type { Roles } from '../iam/roles.ts';
import { likeness } from '../iam/wildcard.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Target } from './rule.ts';

const EVENTBRIDGE = 'events.amazonaws.com';

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: { readonly Service?: unknown } | '*';
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: Conditions;
}

/** Why EventBridge may not deliver to a target, or `undefined`. A target that does not exist is another error. */
export function whyForbidden(
  ruleArn: string,
  { arn, roleArn }: Pick<Target, 'arn' | 'roleArn'>,
  { queues, roles }: { readonly queues: Queues; readonly roles: Roles },
): string | undefined {
  if (arn.split(':')[2] === 'events') {
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html: a bus of another region needs a role
    const statements = roleArn === undefined || !roles.get(roleArn) ? [] : (roles.statementsOf(roleArn) ?? []);
    const isAllowed = judge(statements, { action: 'events:PutEvents', resource: arn, keys: {} }) === 'allowed';
    return isAllowed ? undefined : 'the target has no role that may put events';
  }
  const queue = queues.byArn(arn);
  if (queue === undefined) return undefined;
  const { Statement: statements = [] } = JSON.parse(queue.policy ?? '{}') as { Statement?: readonly Statement[] };
  const keys = { 'aws:SourceArn': ruleArn, 'aws:SecureTransport': 'true' };
  const applying = statements.filter((statement) => applies(statement, arn, keys)).map(({ Effect }) => Effect);
  return applying.includes('Allow') && !applying.includes('Deny')
    ? undefined
    : 'no AWS::SQS::QueuePolicy allows this rule to send to its target';
}

function applies({ Principal, Action, Resource, Condition = {} }: Statement, queueArn: string, keys: object): boolean {
  const services = Principal === '*' || isEveryone(Principal) ? [EVENTBRIDGE] : listOf(Principal?.Service);
  const known = Object.fromEntries(
    Object.entries(Condition).map(([operator, tests]) => [
      operator,
      // Conditions on other keys count as met.
      Object.fromEntries(Object.entries(tests).filter(([key]) => Object.hasOwn(keys, key))),
    ]),
  );
  return (
    services.includes(EVENTBRIDGE) &&
    listOf(Action).some((action) => likeness(action, 'i').test('sqs:SendMessage')) &&
    listOf(Resource).some((resource) => likeness(resource).test(queueArn)) &&
    matchesConditions(known, keys as Record<string, string>)
  );
}

const isEveryone = (principal: unknown): boolean =>
  listOf((principal as { AWS?: unknown } | undefined)?.AWS).includes('*');

const listOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
