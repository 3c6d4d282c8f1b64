import { DescribeRuleCommand, EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { BUS } from '../../lambda/contract.ts';
import { BUS_RULES, TRIGGERS } from '../../lambda/triggers/index.ts';
import { type ClientConfig, type Deployment, functionArn, type StackResource } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

const check = 'rules';

/**
 * Whether every rule is there, switched on, and has the target that it was given. Needs `cloudformation:ListStackResources`,
 * `events:DescribeRule` and `events:ListTargetsByRule`.
 */
export async function checkRules(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new EventBridgeClient(config);
  const there = await deployment.resources('AWS::Events::Rule');
  const missing = [
    ...BUS_RULES.filter(({ ruleId }) => !there.some((rule) => isOf(rule, ruleId))).map(({ ruleId }) => ruleId),
    ...(there.some(isSchedule) ? [] : ['Schedule']),
  ].map((ruleId): CheckResult => ({
    check,
    level: 'fail',
    text: `the stack has no rule ${ruleId}: it is of an older version`,
    todo: 'deploy this version',
  }));
  const found = await Promise.all(there.map((rule) => problemsOf(rule, deployment, client)));
  const problems = [...missing, ...found.flat()];
  if (problems.length > 0) return problems;
  return [{ check, level: 'ok', text: `${there.length} are switched on, each with its target` }];
}

const isOf = (rule: StackResource, ruleId: string): boolean => nameIn(rule).endsWith(`Rules${ruleId}`);

/** The trigger of a rule on the bus of our own, whose physical id is not its name. */
const forwardedOf = (rule: StackResource, { setting }: Deployment) =>
  setting('Regions') === undefined
    ? undefined
    : TRIGGERS.find(({ ruleId }) => nameIn(rule).endsWith(`Forwarded${ruleId}`));

/** The schedule of the scan. */
const isSchedule = (rule: StackResource): boolean => nameIn(rule).endsWith('ScanSchedule');

/** A logical id without the hash that CDK puts behind it. */
const nameIn = ({ logicalId }: StackResource): string => logicalId.replace(/[0-9A-F]{8}$/, '');

async function problemsOf(
  rule: StackResource,
  deployment: Deployment,
  client: EventBridgeClient,
): Promise<CheckResult[]> {
  const onOurBus = forwardedOf(rule, deployment);
  const at = onOurBus === undefined ? { Name: rule.physicalId } : { Name: onOurBus.ruleId, EventBusName: BUS };
  const { Name: name } = at;
  const problem = (text: string, todo: string): CheckResult[] => [
    { check, level: 'fail', text: `${name} ${text}`, todo },
  ];
  const State = await client.send(new DescribeRuleCommand(at)).then(
    (answer) => answer.State ?? '',
    (error: unknown) => {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    },
  );
  if (State === undefined) return problem('was deleted by hand', 'delete the stack and deploy it again');
  const { region } = deployment;
  if (State === 'DISABLED') {
    const lost = isSchedule(rule) ? 'no scan begins' : 'its events are lost';
    const bus = onOurBus === undefined ? '' : ` --event-bus-name ${BUS}`;
    return problem(`is switched off: ${lost}`, `aws events enable-rule --region ${region} --name ${name}${bus}`);
  }
  const { Targets = [] } = await client.send(
    new ListTargetsByRuleCommand({ Rule: name, ...(onOurBus && { EventBusName: BUS }) }),
  );
  const wanted = targetOf(rule, deployment);
  const isThere = Targets.some(({ Arn }) => wanted === undefined || Arn === wanted);
  if (isThere) return [];
  return problem(`does not lead to ${wanted ?? 'any target'}`, 'delete the stack and deploy it again');
}

/** Nothing for a rule that somebody else put into the stack. */
function targetOf(rule: StackResource, deployment: Deployment): string | undefined {
  if (isSchedule(rule)) return deployment.output('ScanQueueArn');
  const known = forwardedOf(rule, deployment) ?? BUS_RULES.find(({ ruleId }) => isOf(rule, ruleId));
  if (known === undefined) return undefined;
  return known.delivery === 'direct' ? functionArn(deployment) : deployment.output('WorkQueueArn');
}
