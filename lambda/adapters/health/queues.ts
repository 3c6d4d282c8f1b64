import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type HealthResult, lost, ok } from '../../core/health.ts';
import { allows } from '../../core/resource-policy.ts';
import { type Check, checkEach, type HomeContext, unlessMissing } from './context.ts';
import { queueName, QUEUES } from './parts.ts';
import { homeRules, queueArn, ruleArn } from './rules.ts';

const check = 'queues';

/** The queues of the home region: that they exist, who may send to them, and what was given up. */
export const queues: Check<HomeContext> = {
  name: check,
  run: (context) => {
    const paths = Object.keys(QUEUES);
    const healthy = ok(check, `${paths.length} in order, dead-letter queues empty`);
    return checkEach(check, paths, (path) => checkQueue(path, context), { healthy, explain: context.explain });
  },
};

/** Where events of a failed rule or message come from, by path of the dead-letter queue: heading of the runbook. */
const HEADINGS: Readonly<Record<string, string>> = {
  DeadLetterQueue: 'Messages in the dead-letter queue',
  ScanDeadLetterQueue: 'A scan step failed',
  NotifierDeadLetterQueue: 'Alerts are not sent',
};

async function checkQueue(path: string, context: HomeContext): Promise<readonly HealthResult[]> {
  const { region, parts, clients } = context;
  const url = parts.id('AWS::SQS::Queue', path);
  const arn = queueArn(context, path);
  const place = { check, region, names: [queueName(url)] };
  const name = queueName(url);
  const attributes = await attributesOf(url, clients.inRegion(region).queues);
  if (attributes === undefined)
    return [lost('queue-deleted', { ...place, text: `${name} was deleted outside CloudFormation` })];
  const results: HealthResult[] = [];
  const senders = sendersTo(path, arn, context);
  const refused = senders.filter((sender) => !maySend(attributes.Policy, sender, arn));
  if (refused.length > 0) {
    const text = `the policy of ${name} does not let ${refused.length} of its ${senders.length} rules send to it`;
    results.push(lost('queue-policy', { ...place, text }));
  }
  const dead = QUEUES[path];
  if (dead !== undefined && !attributes.RedrivePolicy?.includes(`"${queueArn(context, dead)}"`))
    results.push(lost('queue-redrive', { ...place, text: `${name} does not have its dead-letter queue` }));
  return [...results, ...undelivered(path, url, attributes.messages, context)];
}

/** The rules that deliver to a queue, or to another queue whose dead-letter queue it is. */
function sendersTo(path: string, arn: string, context: HomeContext): readonly string[] {
  const targets = Object.keys(QUEUES).filter((one) => QUEUES[one] === path && one !== 'ScanQueue');
  // The dead-letter queue of a FIFO queue is a FIFO queue, to which no rule may send.
  const scan = path === 'DeadLetterQueue' ? [queueArn(context, 'ScanQueue')] : [];
  const arns = [arn, ...targets.map((one) => queueArn(context, one)), ...scan];
  return homeRules(context)
    .filter(({ name, targetArn }) => arns.includes(targetArn) && !(path === 'GivenUpQueue' && isPing(name)))
    .map((rule) => ruleArn(context, context.region, rule));
}

/** The ping has no dead-letter queue, because `imdsv2 doctor` reports a missing answer. */
const isPing = (name: string): boolean => /RulesPing/.test(name);

/** Whether a rule may send to a queue. */
export const maySend = (policy: string | undefined, rule: string, queue: string): boolean =>
  allows(policy, {
    principal: 'events.amazonaws.com',
    action: 'sqs:SendMessage',
    resource: queue,
    keys: { 'aws:sourcearn': rule, 'aws:securetransport': 'true', 'aws:sourceaccount': rule.split(':')[4] ?? '' },
  });

function undelivered(path: string, url: string, messages: number, { region }: HomeContext): HealthResult[] {
  const heading = HEADINGS[path];
  if (messages === 0 || heading === undefined) return [];
  const name = queueName(url);
  const text = `${name}: ${messages} ${messages === 1 ? 'message' : 'messages'}; events, remediations or alerts failed`;
  return [lost('dead-letter-messages', { check, region, names: [], text, action: `runbook, "${heading}"` })];
}

/** Policies of a queue and the number of messages in it; `undefined` if it does not exist. */
export async function attributesOf(QueueUrl: string, client: SQSClient) {
  const AttributeNames = [
    'Policy',
    'RedrivePolicy',
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
  ] as const;
  const response = await unlessMissing(
    client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] })),
  );
  if (response === undefined) return undefined;
  const { Attributes = {} } = response;
  const [visible = 0, inFlight = 0] = AttributeNames.slice(2).map((name) => Number(Attributes[name] ?? 0));
  return { ...Attributes, messages: visible + inFlight } as {
    readonly Policy?: string;
    readonly RedrivePolicy?: string;
    readonly messages: number;
  };
}
