import { DescribeRuleCommand, EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { BUS } from '../../lambda/contract.ts';
import { BUS_RULES, TRIGGERS } from '../../lambda/triggers/index.ts';
import { type CheckResult, deleted, fail, ok, unlessMissing } from './check-result.ts';
import type { ClientConfig, Deployment, StackResource } from './deployment.ts';

const check = 'rules';

/** Checks that each rule exists, is enabled and has its target. */
export async function checkRules(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new EventBridgeClient(config);
  const rules = await deployment.resources('AWS::Events::Rule');
  const missing = [
    ...BUS_RULES.filter(({ ruleId }) => !rules.some((rule) => isOf(rule, ruleId))).map(({ ruleId }) => ruleId),
    ...(rules.some(isSchedule) ? [] : ['Schedule']),
  ].map((ruleId) => fail(check, `the stack has no rule ${ruleId}: it is an older version`, 'deploy this version'));
  const found = await Promise.all(rules.map((rule) => problemOf(rule, deployment, client)));
  const problems = [...missing, ...found.flatMap((problem) => problem ?? [])];
  return problems.length > 0 ? problems : [ok(check, `${rules.length} enabled, each with its target`)];
}

const isOf = (rule: StackResource, ruleId: string): boolean => nameIn(rule).endsWith(`Rules${ruleId}`);

/** The trigger of a rule on the custom bus; the physical id of such a rule is not its name. */
const forwardedOf = (rule: StackResource, { setting }: Deployment) =>
  setting('Regions') === undefined
    ? undefined
    : TRIGGERS.find(({ ruleId }) => nameIn(rule).endsWith(`HomeBus${ruleId}`));

/** Whether the rule is the schedule of the scan. */
const isSchedule = (rule: StackResource): boolean => nameIn(rule).endsWith('ScanSchedule');

const isOfNotifier = (rule: StackResource): boolean => /Notifier(Urgent|Summary|Drain)$/.test(nameIn(rule));

/** The name of a rule and its event bus, which is in the physical id unless it is the default bus. */
function placeOf({ physicalId }: StackResource): { readonly Name: string; readonly EventBusName?: string } {
  const [EventBusName, Name] = physicalId.split('|');
  return Name === undefined ? { Name: physicalId } : { Name, EventBusName };
}

/** A logical id without the hash that the CDK appends. */
const nameIn = ({ logicalId }: StackResource): string => logicalId.replace(/[0-9A-F]{8}$/, '');

async function problemOf(
  rule: StackResource,
  deployment: Deployment,
  client: EventBridgeClient,
): Promise<CheckResult | undefined> {
  const onCustomBus = forwardedOf(rule, deployment);
  const { Name, EventBusName } = onCustomBus ? { Name: onCustomBus.ruleId, EventBusName: BUS } : placeOf(rule);
  const bus = EventBusName === undefined ? undefined : { EventBusName };
  const described = await unlessMissing(
    client.send(new DescribeRuleCommand({ Name, ...bus })),
    /^ResourceNotFoundException$/,
  );
  if (described === undefined) return deleted(check, Name);
  if (described.State === 'DISABLED') {
    const effect = isSchedule(rule) ? 'no scan starts' : isOfNotifier(rule) ? 'alerts are lost' : 'its events are lost';
    const command = `aws events enable-rule --region ${deployment.region} --name ${Name}`;
    return fail(
      check,
      `${Name} is disabled: ${effect}`,
      bus ? `${command} --event-bus-name ${bus.EventBusName}` : command,
    );
  }
  const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name, ...bus }));
  const target = targetOf(rule, deployment);
  if (Targets.some(({ Arn }) => target === undefined || Arn === target)) return undefined;
  const text = `${Name} does not have the target ${target ?? ''}`.trimEnd();
  return fail(check, text, 'delete the stack and deploy it again');
}

/** The expected target; `undefined` for a rule that an extension of the stack added. */
function targetOf(rule: StackResource, deployment: Deployment): string | undefined {
  if (isSchedule(rule)) return deployment.output('ScanQueueArn');
  if (isOfNotifier(rule)) {
    const queue = nameIn(rule).endsWith('Summary') ? 'SummaryQueueUrl' : 'UrgentQueueUrl';
    return queueArn(deployment.output(queue), deployment);
  }
  const isKnown = forwardedOf(rule, deployment) !== undefined || BUS_RULES.some(({ ruleId }) => isOf(rule, ruleId));
  return isKnown ? deployment.output('WorkQueueArn') : undefined;
}

const queueArn = (url: string, { partition, region, account }: Deployment): string =>
  `arn:${partition}:sqs:${region}:${account}:${url.split('/').at(-1) ?? ''}`;
