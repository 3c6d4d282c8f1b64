import { DescribeRuleCommand, type EventBridgeClient, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { BUS, forwarderRule } from '../../contract.ts';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { HEALTH_SCHEDULE, outcomePattern, scanSchedule, severitiesBy, summarySchedule } from '../../core/schedules.ts';
import { TRIGGERS } from '../../triggers/index.ts';
import { parseJson } from '../../triggers/json.ts';
import { ping } from '../../triggers/ping.ts';
import { canonical } from '../rule-coverage.ts';
import { type Check, checkEach, type HealthOptions, type HomeContext, unlessMissing } from './context.ts';
import { queueName } from './parts.ts';

/** A rule as the deployment made it. */
export interface ExpectedRule {
  readonly name: string;
  /** Its event bus, unless that is the default one. */
  readonly bus?: string;
  readonly pattern?: object;
  readonly schedule?: string;
  readonly targetArn: string;
  /** What happens without it. */
  readonly effect: string;
}

const check = 'rules';
const EVENTS_LOST = 'its events are lost';
const NO_ALERTS = 'alerts are lost';

/** The rules of the home region. */
export const rules: Check<HomeContext> = {
  name: check,
  run: (context) => {
    const expected = homeRules(context);
    const { region, explain } = context;
    const { events } = context.clients.inRegion(region);
    const healthy = ok(check, `${expected.length} enabled, each with its pattern or schedule and its target`);
    return checkEach(check, expected, (rule) => checkRule(rule, { check, region, client: events }), {
      healthy,
      explain,
    });
  },
};

/** The ARN of a queue of the home region. */
export const queueArn = ({ partition, region, account, parts }: HomeContext, path: string): string =>
  `arn:${partition}:sqs:${region}:${account}:${queueName(parts.id('AWS::SQS::Queue', path))}`;

const functionArn = ({ partition, region, account, parts }: HomeContext, path: string): string =>
  `arn:${partition}:lambda:${region}:${account}:function:${parts.id('AWS::Lambda::Function', path)}`;

/** The ARN of a rule. */
export const ruleArn = ({ partition, account }: HealthOptions, region: string, { name, bus }: ExpectedRule): string =>
  `arn:${partition}:events:${region}:${account}:rule/${bus === undefined ? '' : `${bus}/`}${name}`;

/** The rules that the home region must have. @throws FailureError if the stack does not have one. */
export function homeRules(context: HomeContext): readonly ExpectedRule[] {
  const { account, parts } = context;
  const { forwarders, scanEveryHours, alertSummaryMinutes } = context.settings;
  const [work, scan, urgent, summary] = ['WorkQueue', 'ScanQueue', 'NotifierUrgentQueue', 'NotifierSummaryQueue'].map(
    (path) => queueArn(context, path),
  ) as [string, string, string, string];
  const place = (path: string): Pick<ExpectedRule, 'name' | 'bus'> => {
    // The physical id of a rule on a custom bus has the form `bus|rule`.
    const [bus = '', name] = parts.id('AWS::Events::Rule', path).split('|');
    return name === undefined ? { name: bus } : { name, bus };
  };
  const outcomes = (path: string, targetArn: string, severities: Parameters<typeof outcomePattern>[1]) => {
    const pattern = outcomePattern(account, severities);
    return { ...place(path), pattern, targetArn, effect: NO_ALERTS };
  };
  const severities = severitiesBy(alertSummaryMinutes);
  return [
    ...TRIGGERS.map(({ ruleId, pattern }) => ({
      ...place(`Rules${ruleId}`),
      pattern: { ...pattern, account: [account] },
      targetArn: work,
      effect: EVENTS_LOST,
    })),
    {
      ...place(`Rules${ping.ruleId}`),
      pattern: { ...ping.pattern, account: [account], resources: [functionArn(context, 'Function')] },
      targetArn: work,
      effect: 'imdsv2 doctor cannot test the function',
    },
    ...(forwarders.length === 0 ? [] : TRIGGERS).map(({ ruleId, pattern }) => ({
      // It is named after its construct, and its physical id is not its name.
      name: ruleId,
      bus: BUS,
      pattern: { ...pattern, account: [account], region: forwarders },
      targetArn: work,
      effect: 'events of other Regions are lost',
    })),
    { ...place('ScanSchedule'), schedule: scanSchedule(scanEveryHours), targetArn: scan, effect: 'no scan starts' },
    { ...place('ScanHealth'), schedule: HEALTH_SCHEDULE, targetArn: scan, effect: 'the deployment is not checked' },
    outcomes('NotifierUrgent', urgent, severities.urgent),
    ...(alertSummaryMinutes === 0
      ? []
      : [
          outcomes('NotifierSummary', summary, severities.summary),
          {
            ...place('NotifierDrain'),
            schedule: summarySchedule(alertSummaryMinutes),
            targetArn: urgent,
            effect: 'summaries are not sent',
          },
        ]),
  ];
}

/** The rules of a region that forwards its events. */
export function forwardingRules({ partition, account, region: home }: HealthOptions): readonly ExpectedRule[] {
  return TRIGGERS.map(({ ruleId, pattern }) => ({
    name: forwarderRule(ruleId),
    pattern: { ...pattern, account: [account] },
    targetArn: `arn:${partition}:events:${home}:${account}:event-bus/${BUS}`,
    effect: 'its events do not reach the home Region; the scheduled scan finds the changes later',
  }));
}

/** Checks one rule. */
export async function checkRule(
  rule: ExpectedRule,
  {
    check: group,
    region,
    client,
  }: { readonly check: string; readonly region: string; readonly client: EventBridgeClient },
): Promise<readonly HealthResult[]> {
  const { name, bus, pattern, schedule, targetArn, effect } = rule;
  const found = (...[loss, what, action]: [Parameters<typeof lost>[0], string, string?]) => [
    lost(loss, { check: group, region, names: [name], text: `rule ${name} ${what}: ${effect}`, action }),
  ];
  const onBus = bus === undefined ? {} : { EventBusName: bus };
  const described = await unlessMissing(client.send(new DescribeRuleCommand({ Name: name, ...onBus })));
  if (described === undefined) return found('rule-deleted', 'was deleted outside CloudFormation');
  if (described.State === 'DISABLED') {
    const command = `aws events enable-rule --region ${region} --name ${name}`;
    return found('rule-disabled', 'is disabled', bus === undefined ? command : `${command} --event-bus-name ${bus}`);
  }
  const isPattern = pattern === undefined || canonical(parseJson(described.EventPattern ?? '')) === canonical(pattern);
  if (!isPattern || described.ScheduleExpression !== schedule) {
    return found('rule-changed', `has another ${schedule === undefined ? 'event pattern' : 'schedule'}`);
  }
  const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: name, ...onBus }));
  if (Targets.some(({ Arn }) => Arn === targetArn)) return [];
  return found('rule-target', `does not have the target ${targetArn}`);
}
