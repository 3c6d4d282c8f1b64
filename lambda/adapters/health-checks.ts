import { type CloudTrailClient, DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeRuleCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { HealthChecks } from '../app/ports.ts';
import { FORWARDER_DEAD_LETTER_QUEUE } from '../contract.ts';
import { FailureError } from '../core/failure.ts';
import { TRIGGERS } from '../triggers/index.ts';
import { toFailure } from './failures.ts';
import { notMonitored } from './rule-coverage.ts';

export interface HealthCheckOptions {
  readonly trails: CloudTrailClient;
  readonly events: EventBridgeClient;
  readonly queues: SQSClient;
  /** Whether a trail is expected at all. */
  readonly trail: boolean;
  readonly ruleNames: readonly string[];
  readonly deadLetterQueueUrl: string;
  /** Regions that send their events here. */
  readonly forwarders: readonly string[];
  readonly elsewhere: {
    readonly events: (region: string) => EventBridgeClient;
    readonly queues: (region: string) => SQSClient;
  };
}

/**
 * Feels the parts that nobody notices when they stop: the trail, the rules and the dead letters. Needs `cloudtrail:DescribeTrails`,
 * `cloudtrail:GetTrailStatus`, `events:DescribeRule`, `events:ListRules`, `sqs:GetQueueUrl` and `sqs:GetQueueAttributes`.
 */
export function healthChecks(options: HealthCheckOptions): HealthChecks {
  const checks = [
    ...(options.trail ? [() => trailProblem(options)] : []),
    ...options.ruleNames.map((name) => () => ruleProblem(name, options)),
    () => letterProblem(options),
  ];
  return {
    problems: () => problemsOf(checks),
    problemsIn: (region) =>
      problemsOf([
        () => silence(region, options),
        ...(options.forwarders.includes(region) ? [() => undeliveredProblem(region, options)] : []),
      ]),
  };
}

async function problemsOf(checks: readonly (() => Promise<string | undefined>)[]): Promise<readonly string[]> {
  const found = await Promise.all(checks.map((check) => check().catch((error: unknown) => unread(error))));
  return found.filter((problem) => problem !== undefined);
}

/** What nobody hears in a region, or hears with a rule of another version. */
async function silence(region: string, { elsewhere }: HealthCheckOptions): Promise<string | undefined> {
  const missing = await notMonitored(elsewhere.events(region));
  if (missing.length === 0) return undefined;
  const what = missing.length === TRIGGERS.length ? '' : ` for ${missing.join(', ')}`;
  return `no rule listens${what} in ${region}: what happens to instances there waits for the scan`;
}

async function undeliveredProblem(region: string, { elsewhere }: HealthCheckOptions): Promise<string | undefined> {
  const queues = elsewhere.queues(region);
  const { QueueUrl = '' } = await queues.send(new GetQueueUrlCommand({ QueueName: FORWARDER_DEAD_LETTER_QUEUE }));
  const waiting = await depthOf(QueueUrl, queues);
  return waiting > 0 ? `${waiting} events of ${region} did not reach the home region` : undefined;
}

const unread = (error: unknown): string => {
  const { message } = error instanceof FailureError ? error : toFailure(error);
  return `a check could not be made: ${message}`;
};

async function trailProblem({ trails }: HealthCheckOptions): Promise<string | undefined> {
  // With shadow trails: those of other regions and of the organization log here too.
  const { trailList = [] } = await trails.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  const unread: unknown[] = [];
  for (const { TrailARN } of trailList) {
    try {
      const { IsLogging } = await trails.send(new GetTrailStatusCommand({ Name: TrailARN }));
      if (IsLogging === true) return undefined;
    } catch (error) {
      // A trail of the organization may be hidden; another one may be logging.
      unread.push(error);
    }
  }
  if (unread.length > 0) throw unread[0];
  return 'no CloudTrail trail is logging here: set-backs to IMDSv1 are not seen';
}

async function ruleProblem(name: string, { events }: HealthCheckOptions): Promise<string | undefined> {
  const [Name, EventBusName] = name.split('/').reverse();
  const { State } = await events.send(new DescribeRuleCommand({ Name, EventBusName }));
  return State === 'DISABLED' ? `the rule ${name} is disabled` : undefined;
}

async function letterProblem({ queues, deadLetterQueueUrl }: HealthCheckOptions): Promise<string | undefined> {
  const waiting = await depthOf(deadLetterQueueUrl, queues);
  return waiting > 0 ? `${waiting} dead letters are waiting` : undefined;
}

async function depthOf(QueueUrl: string, queues: SQSClient): Promise<number> {
  const name = 'ApproximateNumberOfMessages';
  const { Attributes = {} } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }));
  return Number(Attributes[name] ?? 0);
}
