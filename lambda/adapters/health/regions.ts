import { DescribeInstancesCommand, DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { DescribeEventBusCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { BUS, FORWARDER_DEAD_LETTER_QUEUE } from '../../contract.ts';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { allows } from '../../core/resource-policy.ts';
import { plural } from '../../core/words/format.ts';
import { toFailure } from '../failures.ts';
import { type Check, checkEach, type HealthOptions, type HomeContext, unlessMissing } from './context.ts';
import { attributesOf, maySend } from './queues.ts';
import { checkRole } from './roles.ts';
import { checkRule, forwardingRules, ruleArn } from './rules.ts';
import { checkTrail } from './trail.ts';

const RUNBOOK = 'runbook, "A Region is not monitored"';

/** The fewest that EC2 accepts. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html */
const FEWEST = 5;

/** Checks a region that forwards its events: its trail, rules, role and dead-letter queue, and whether it is visible. */
export async function checkForwarder(region: string, options: HealthOptions): Promise<readonly HealthResult[]> {
  const { explain } = options;
  const { events } = options.clients.inRegion(region);
  const expected = forwardingRules(options);
  const checks: readonly (() => Promise<readonly HealthResult[]>)[] = [
    () => checkVisible(region, options),
    () => checkTrail(region, region, options).then((results) => results.filter(({ level }) => level !== 'ok')),
    ...expected.map((rule) => () => checkRule(rule, { check: region, region, client: events })),
    () => checkForwarderRoles(region, options),
    () => checkForwarderQueue(region, options),
  ];
  const healthy = ok(region, 'visible, rules in order, all events forwarded');
  return checkEach(region, checks, (check) => check(), { healthy, explain });
}

/** Whether the instances of a region can be described. */
async function checkVisible(region: string, options: HealthOptions): Promise<readonly HealthResult[]> {
  const problem = await whyNotVisible(region, options);
  if (problem === undefined) return [];
  const text = `${region} is not visible from here: ${problem}`;
  return [{ ...lost('region-not-visible', { check: region, region, names: [], text }), level: 'not-visible' }];
}

async function whyNotVisible(region: string, { clients, explain }: HealthOptions): Promise<string | undefined> {
  try {
    await clients.inRegion(region).ec2.send(new DescribeInstancesCommand({ MaxResults: FEWEST }));
    return undefined;
  } catch (error) {
    if (toFailure(error).kind !== 'denied') throw error;
    return explain?.(error) ?? `missing permission ec2:DescribeInstances`;
  }
}

/** The regions of the account that the deployment does not promise to cover, but scans if it can. */
export const otherRegions: Check<HomeContext> = {
  name: 'regions',
  run: async (options) => {
    const { region: home, settings, clients, explain } = options;
    const { Regions = [] } = await clients.inRegion(home).ec2.send(new DescribeRegionsCommand({}));
    const others = Regions.flatMap(({ RegionName = home }) =>
      [home, ...settings.forwarders].includes(RegionName) ? [] : [RegionName],
    );
    const hidden: string[] = [];
    const probe = async (name: string) => {
      if ((await whyNotVisible(name, options)) !== undefined) hidden.push(name);
      return [];
    };
    const visible = await checkEach('regions', [home], () => checkVisible(home, options), {
      healthy: ok('regions', `${home} and ${plural(others.length, 'other enabled Region')} can be scanned`),
      explain,
    });
    const unchecked = await checkEach('regions', others, probe, { healthy: ok('regions', ''), explain });
    const text = `not visible from here, so not scanned: ${hidden.sort().join(', ')}`;
    const notVisible =
      hidden.length === 0
        ? []
        : [lost('other-region-not-visible', { check: 'regions', region: home, names: [], text })];
    const problems = [...visible, ...unchecked, ...notVisible].filter(({ level }) => level !== 'ok');
    return problems.length > 0 ? problems : visible;
  },
};

/** The roles with which the rules of a region put events on the event bus of the home region. */
async function checkForwarderRoles(region: string, options: HealthOptions): Promise<readonly HealthResult[]> {
  const { events } = options.clients.inRegion(region);
  const names = new Set<string>();
  const withoutRole: string[] = [];
  let resource = '';
  for (const { name, targetArn } of forwardingRules(options)) {
    const { Targets = [] } = (await unlessMissing(events.send(new ListTargetsByRuleCommand({ Rule: name })))) ?? {};
    const target = Targets.find(({ Arn }) => Arn === targetArn);
    if (target === undefined) continue;
    resource = targetArn;
    const role = target.RoleArn?.split('/').at(-1);
    if (role === undefined) withoutRole.push(name);
    else names.add(role);
  }
  const needs = [{ actions: ['events:PutEvents'], resource }];
  const found = await Promise.all(
    [...names].map((name) => checkRole(region, name, 'events.amazonaws.com', needs, options)),
  );
  const roleless = withoutRole.map((name) =>
    lost('rule-target', { check: region, region, names: [name], text: `the target of rule ${name} has no role` }),
  );
  return [...found.flat(), ...roleless];
}

async function checkForwarderQueue(region: string, options: HealthOptions): Promise<readonly HealthResult[]> {
  const { partition, account, clients } = options;
  const { queues } = clients.inRegion(region);
  const place = { check: region, region, names: [FORWARDER_DEAD_LETTER_QUEUE] };
  const deleted = lost('queue-deleted', {
    ...place,
    text: `the dead-letter queue of ${region} was deleted`,
    action: `cdk deploy --all; ${RUNBOOK}`,
  });
  const found = await unlessMissing(queues.send(new GetQueueUrlCommand({ QueueName: FORWARDER_DEAD_LETTER_QUEUE })));
  if (found?.QueueUrl === undefined) return [deleted];
  const attributes = await attributesOf(found.QueueUrl, queues);
  if (attributes === undefined) return [deleted];
  const { messages, Policy } = attributes;
  const arn = `arn:${partition}:sqs:${region}:${account}:${FORWARDER_DEAD_LETTER_QUEUE}`;
  const text = `the policy of the dead-letter queue of ${region} does not let the rules send to it`;
  const may = forwardingRules(options).every((rule) => maySend(Policy, ruleArn(options, region, rule), arn));
  const undelivered = `${messages} ${messages === 1 ? 'event' : 'events'} of ${region} did not reach the home Region`;
  return [
    ...(may ? [] : [lost('queue-policy', { ...place, text })]),
    ...(messages === 0
      ? []
      : [lost('dead-letter-messages', { ...place, names: [], text: undelivered, action: RUNBOOK })]),
  ];
}

/** The event bus to which other regions forward their events. */
export const bus: Check<HomeContext> = {
  name: 'event bus',
  run: (options) => {
    const { settings, explain } = options;
    const healthy = ok('event bus', `${BUS} admits the rules of ${settings.forwarders.length} other Regions`);
    return checkEach('event bus', settings.forwarders.length === 0 ? [] : [BUS], () => checkBus(options), {
      healthy: settings.forwarders.length === 0 ? ok('event bus', 'no other Region forwards events') : healthy,
      explain,
    });
  },
};

async function checkBus(options: HealthOptions): Promise<readonly HealthResult[]> {
  const { region, partition, account, settings, clients } = options;
  const place = { check: 'event bus', region, names: [BUS] };
  const { events } = clients.inRegion(region);
  const found = await unlessMissing(events.send(new DescribeEventBusCommand({ Name: BUS })));
  if (found === undefined)
    return [lost('bus-deleted', { ...place, text: `event bus ${BUS} was deleted outside CloudFormation` })];
  const refused = settings.forwarders.filter((name) =>
    forwardingRules(options).some(
      (rule) =>
        !allows(found.Policy, {
          principal: `arn:${partition}:iam::${account}:root`,
          action: 'events:PutEvents',
          resource: found.Arn ?? '',
          keys: { 'aws:sourcearn': ruleArn(options, name, rule) },
        }),
    ),
  );
  if (refused.length === 0) return [];
  return [
    lost('bus-policy', { ...place, text: `the policy of ${BUS} does not admit the rules of ${refused.join(', ')}` }),
  ];
}
