import { DescribeRuleCommand, EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { BUS } from '../../lambda/contract.ts';
import { BUS_RULES, TRIGGERS } from '../../lambda/triggers/index.ts';
import type { ClientConfig, Deployment, StackResource } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

const check = 'rules';

/** Checks that each rule exists, is enabled and has its target. */
export async function checkRules(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new EventBridgeClient(config);
  const rules = await deployment.resources('AWS::Events::Rule');
  const missing = [
    ...BUS_RULES.filter(({ ruleId }) => !rules.some((rule) => isOf(rule, ruleId))).map(({ ruleId }) => ruleId),
    ...(rules.some(isSchedule) ? [] : ['Schedule']),
  ].map((ruleId): CheckResult => ({
    check,
    level: 'fail',
    text: `the stack has no rule ${ruleId}: it is an older version`,
    action: 'deploy this version',
  }));
  const found = await Promise.all(rules.map((rule) => problemsOf(rule, deployment, client)));
  const problems = [...missing, ...found.flat()];
  if (problems.length > 0) return problems;
  return [{ check, level: 'ok', text: `${rules.length} enabled, each with its target` }];
}

const isOf = (rule: StackResource, ruleId: string): boolean => nameIn(rule).endsWith(`Rules${ruleId}`);

/** The trigger of a rule on the custom bus; the physical id of such a rule is not its name. */
const forwardedOf = (rule: StackResource, { setting }: Deployment) =>
  setting('Regions') === undefined
    ? undefined
    : TRIGGERS.find(({ ruleId }) => nameIn(rule).endsWith(`HomeBus${ruleId}`));

/** Whether the rule is the schedule of the scan. */
const isSchedule = (rule: StackResource): boolean => nameIn(rule).endsWith('ScanSchedule');

/** A logical id without the hash that the CDK appends. */
const nameIn = ({ logicalId }: StackResource): string => logicalId.replace(/[0-9A-F]{8}$/, '');

async function problemsOf(
  rule: StackResource,
  deployment: Deployment,
  client: EventBridgeClient,
): Promise<CheckResult[]> {
  const onCustomBus = forwardedOf(rule, deployment);
  const at = onCustomBus === undefined ? { Name: rule.physicalId } : { Name: onCustomBus.ruleId, EventBusName: BUS };
  const { Name: name } = at;
  const problem = (text: string, action: string): CheckResult[] => [
    { check, level: 'fail', text: `${name} ${text}`, action },
  ];
  const State = await client.send(new DescribeRuleCommand(at)).then(
    (answer) => answer.State ?? '',
    (error: unknown) => {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    },
  );
  if (State === undefined) return problem('was deleted outside CloudFormation', 'delete the stack and deploy it again');
  const { region } = deployment;
  if (State === 'DISABLED') {
    const effect = isSchedule(rule) ? 'no scan starts' : 'its events are lost';
    const bus = onCustomBus === undefined ? '' : ` --event-bus-name ${BUS}`;
    return problem(`is disabled: ${effect}`, `aws events enable-rule --region ${region} --name ${name}${bus}`);
  }
  const { Targets = [] } = await client.send(
    new ListTargetsByRuleCommand({ Rule: name, ...(onCustomBus && { EventBusName: BUS }) }),
  );
  const target = targetOf(rule, deployment);
  if (Targets.some(({ Arn }) => target === undefined || Arn === target)) return [];
  return problem(`does not have the target ${target ?? ''}`.trimEnd(), 'delete the stack and deploy it again');
}

/** The expected target; `undefined` for a rule that an extension of the stack added. */
function targetOf(rule: StackResource, deployment: Deployment): string | undefined {
  if (isSchedule(rule)) return deployment.output('ScanQueueArn');
  const isKnown = forwardedOf(rule, deployment) !== undefined || BUS_RULES.some(({ ruleId }) => isOf(rule, ruleId));
  return isKnown ? deployment.output('WorkQueueArn') : undefined;
}
