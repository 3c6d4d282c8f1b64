import { texts } from '../wire/params.ts';
import type { Intrinsics } from './intrinsics.ts';
import { resourcesOf, type Template } from './template.ts';

const EVENTBRIDGE = 'events.amazonaws.com';

/**
 * Why EventBridge may not deliver to a target of this stack, or `undefined`.
 *
 * Targets of other stacks are not checked.
 */
export function forbidden(
  template: Template,
  intrinsics: Intrinsics,
  { ruleArn, roleArn }: { readonly ruleArn: string; readonly roleArn: string | undefined },
  targetArn: string,
): string | undefined {
  const service = targetArn.split(':')[2];
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html: a bus of another region needs a role
  if (service === 'events')
    return mayPut(template, intrinsics, roleArn, targetArn) ? undefined : 'the target has no role that may put events';
  return maySend(template, intrinsics, ruleArn, targetArn)
    ? undefined
    : 'no AWS::SQS::QueuePolicy allows this rule to send to its target';
}

function maySend(template: Template, intrinsics: Intrinsics, ruleArn: string, queueArn: string): boolean {
  return resourcesOf(template, 'AWS::SQS::QueuePolicy').some(([id, { Properties = {} }]) =>
    statementsOf(Properties).some((statement) => {
      if (!isForEventBridge(statement)) return false;
      const { Resource, Condition } = intrinsics.resolve(statement, id) as Record<string, unknown>;
      return listOf(Resource).includes(queueArn) && allowsRule(Condition, ruleArn);
    }),
  );
}

function mayPut(template: Template, intrinsics: Intrinsics, roleArn: string | undefined, busArn: string): boolean {
  const roleName = roleArn?.split('/').at(-1);
  return resourcesOf(template, 'AWS::IAM::Policy').some(([id, { Properties = {} }]) => {
    if (!listOf(intrinsics.resolve(Properties.Roles, id)).includes(roleName)) return false;
    return statementsOf(Properties).some(
      ({ Effect, Action, Resource }) =>
        Effect === 'Allow' &&
        listOf(Action).includes('events:PutEvents') &&
        listOf(intrinsics.resolve(Resource, id)).includes(busArn),
    );
  });
}

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: { readonly Service?: unknown };
  readonly Action?: unknown;
  readonly Resource?: unknown;
}

const statementsOf = (properties: Readonly<Record<string, unknown>>): readonly Statement[] =>
  ((properties.PolicyDocument as { Statement?: unknown } | undefined)?.Statement ?? []) as readonly Statement[];

const isForEventBridge = ({ Effect, Principal, Action }: Statement): boolean =>
  Effect === 'Allow' &&
  listOf(Principal?.Service).includes(EVENTBRIDGE) &&
  listOf(Action).some((action) => /^sqs:(SendMessage|\*)$/.test(String(action)));

/** Evaluates the condition on `aws:SourceArn` only. Other conditions count as met. */
function allowsRule(condition: unknown, ruleArn: string): boolean {
  const named = Object.values((condition ?? {}) as Record<string, Record<string, unknown>>)
    .map((test) => test['aws:SourceArn'])
    .filter((arn) => arn !== undefined);
  return named.every((arn) => listOf(arn).includes(ruleArn));
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? texts({ value }, 'value') : [value]);
