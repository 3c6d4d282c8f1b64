import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unmonitoredTriggers } from '../../lambda/adapters/rule-coverage.ts';
import { FORWARDER_DEAD_LETTER_QUEUE } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import type { ClientConfig, Deployment } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

const RUNBOOK = 'runbook, "A region is not listened to"';

/** The regions that send their events to the deployment. */
export const otherRegions = ({ setting }: Deployment): readonly string[] =>
  (setting('Regions') ?? '').split(',').slice(1);

/**
 * Whether rules listen in another region, and whether what they hear reaches the home region. Needs `events:ListRules`,
 * `sqs:GetQueueUrl` and `sqs:GetQueueAttributes` there.
 */
export async function checkRegion(region: string, config: ClientConfig): Promise<CheckResult[]> {
  const missing = await unmonitoredTriggers(new EventBridgeClient(config));
  const undelivered = await undeliveredIn(new SQSClient(config));
  const problem = (text: string, todo: string): CheckResult => ({ check: region, level: 'fail', text, todo });
  const deploy = `cdk deploy --all; ${RUNBOOK}`;
  const results: CheckResult[] = [];
  if (missing.length === TRIGGERS.length) results.push(problem('no rule listens', deploy));
  else if (missing.length > 0)
    results.push(problem(`no rule of this version listens for ${missing.join(', ')}`, deploy));
  if (undelivered === undefined) results.push(problem('the queue of what is not sent was deleted', deploy));
  else if (undelivered > 0) results.push(problem(`${undelivered} events did not reach the home region`, RUNBOOK));
  if (results.length > 0) return results;
  return [{ check: region, level: 'ok', text: 'its rules listen, and nothing waits to be sent' }];
}

/** How many events wait; nothing if there is no queue. */
async function undeliveredIn(client: SQSClient): Promise<number | undefined> {
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: FORWARDER_DEAD_LETTER_QUEUE }));
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
    );
    return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  } catch (error) {
    if (error instanceof Error && /NonExistentQueue|QueueDoesNotExist/.test(error.name)) return undefined;
    throw error;
  }
}
