import { type CloudTrailClient, DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeRuleCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { HealthChecks } from '../app/ports/index.ts';
import { FORWARDER_DEAD_LETTER_QUEUE } from '../contract.ts';
import { FailureError } from '../core/failure.ts';
import { TRIGGERS } from '../triggers/index.ts';
import { toFailure } from './failures.ts';
import { unmonitoredTriggers } from './rule-coverage.ts';

/** Clients, and the resources to check. */
export interface HealthCheckOptions {
  readonly trails: CloudTrailClient;
  readonly events: EventBridgeClient;
  readonly queues: SQSClient;
  /** Whether a trail is expected. */
  readonly trail: boolean;
  readonly ruleNames: readonly string[];
  readonly deadLetterQueueUrl: string;
  /** Regions that forward their events to the home region. */
  readonly forwarders: readonly string[];
  /** Clients of other regions. */
  readonly inRegion: {
    readonly events: (region: string) => EventBridgeClient;
    readonly queues: (region: string) => SQSClient;
  };
}

/**
 * Checks the parts of the deployment that fail without an error: trail, rules, dead-letter queues.
 *
 * Needs `cloudtrail:DescribeTrails`, `cloudtrail:GetTrailStatus`, `events:DescribeRule`, `events:ListRules`,
 * `sqs:GetQueueUrl` and `sqs:GetQueueAttributes`.
 */
export function healthChecks(options: HealthCheckOptions): HealthChecks {
  const checks = [
    ...(options.trail ? [() => trailProblem(options)] : []),
    ...options.ruleNames.map((name) => () => ruleProblem(name, options)),
    () => deadLetterProblem(options),
  ];
  return {
    problems: () => problemsOf(checks),
    problemsIn: (region) =>
      problemsOf([
        () => coverageProblem(region, options),
        ...(options.forwarders.includes(region) ? [() => forwardingProblem(region, options)] : []),
      ]),
  };
}

async function problemsOf(checks: readonly (() => Promise<string | undefined>)[]): Promise<readonly string[]> {
  const found = await Promise.all(checks.map((check) => check().catch((error: unknown) => checkFailed(error))));
  return found.filter((problem) => problem !== undefined);
}

const checkFailed = (error: unknown): string => {
  const { message } = error instanceof FailureError ? error : toFailure(error);
  return `a health check failed: ${message}`;
};

async function coverageProblem(region: string, { inRegion }: HealthCheckOptions): Promise<string | undefined> {
  const missing = await unmonitoredTriggers(inRegion.events(region));
  if (missing.length === 0) return undefined;
  const triggers = missing.length === TRIGGERS.length ? '' : ` for ${missing.join(', ')}`;
  return `${region} has no EventBridge rule${triggers}: changes there are found by the scheduled scan only`;
}

async function forwardingProblem(region: string, { inRegion }: HealthCheckOptions): Promise<string | undefined> {
  const queues = inRegion.queues(region);
  const { QueueUrl = '' } = await queues.send(new GetQueueUrlCommand({ QueueName: FORWARDER_DEAD_LETTER_QUEUE }));
  const depth = await depthOf(QueueUrl, queues);
  if (depth === 0) return undefined;
  return `${depth} ${depth === 1 ? 'event' : 'events'} of ${region} did not reach the home region`;
}

async function trailProblem({ trails }: HealthCheckOptions): Promise<string | undefined> {
  // Shadow trails are those of other regions and of the organization that log here too.
  const { trailList = [] } = await trails.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  const errors: unknown[] = [];
  for (const { TrailARN } of trailList) {
    try {
      const { IsLogging } = await trails.send(new GetTrailStatusCommand({ Name: TrailARN }));
      if (IsLogging === true) return undefined;
    } catch (error) {
      // The status of an organization trail may be hidden; another trail may be logging.
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return 'no CloudTrail trail is logging in this region: drift is not detected';
}

async function ruleProblem(name: string, { events }: HealthCheckOptions): Promise<string | undefined> {
  const [Name, EventBusName] = name.split('/').reverse();
  const { State } = await events.send(new DescribeRuleCommand({ Name, EventBusName }));
  return State === 'DISABLED' ? `the rule ${name} is disabled` : undefined;
}

async function deadLetterProblem({ queues, deadLetterQueueUrl }: HealthCheckOptions): Promise<string | undefined> {
  const depth = await depthOf(deadLetterQueueUrl, queues);
  if (depth === 0) return undefined;
  return `the dead-letter queue has ${depth} ${depth === 1 ? 'message' : 'messages'}`;
}

async function depthOf(QueueUrl: string, queues: SQSClient): Promise<number> {
  const name = 'ApproximateNumberOfMessages';
  const { Attributes = {} } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }));
  return Number(Attributes[name] ?? 0);
}
