import { type CloudTrailClient, DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeRuleCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Pulse } from '../app/ports.ts';
import { toFailure } from './failures.ts';

export interface PulseOptions {
  readonly trails: CloudTrailClient;
  readonly events: EventBridgeClient;
  readonly queues: SQSClient;
  /** Whether a trail is expected at all. */
  readonly trail: boolean;
  readonly ruleNames: readonly string[];
  readonly deadLettersUrl: string;
}

/**
 * Feels the parts that nobody notices when they stop: the trail, the rules and the dead letters. Needs `cloudtrail:DescribeTrails`,
 * `cloudtrail:GetTrailStatus`, `events:DescribeRule` and `sqs:GetQueueAttributes`.
 */
export function pulse(options: PulseOptions): Pulse {
  const checks = [
    ...(options.trail ? [() => trailProblem(options)] : []),
    ...options.ruleNames.map((name) => () => ruleProblem(name, options)),
    () => letterProblem(options),
  ];
  return {
    problems: async () => {
      const found = await Promise.all(checks.map((check) => check().catch((error: unknown) => unread(error))));
      return found.filter((problem) => problem !== undefined);
    },
  };
}

const unread = (error: unknown): string => `a check could not be made: ${toFailure(error).message}`;

async function trailProblem({ trails }: PulseOptions): Promise<string | undefined> {
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

async function ruleProblem(name: string, { events }: PulseOptions): Promise<string | undefined> {
  const [Name, EventBusName] = name.split('/').reverse();
  const { State } = await events.send(new DescribeRuleCommand({ Name, EventBusName }));
  return State === 'DISABLED' ? `the rule ${name} is disabled` : undefined;
}

async function letterProblem({ queues, deadLettersUrl }: PulseOptions): Promise<string | undefined> {
  const name = 'ApproximateNumberOfMessages';
  const command = new GetQueueAttributesCommand({ QueueUrl: deadLettersUrl, AttributeNames: [name] });
  const { Attributes = {} } = await queues.send(command);
  const waiting = Number(Attributes[name] ?? 0);
  return waiting > 0 ? `${waiting} dead letters are waiting` : undefined;
}
