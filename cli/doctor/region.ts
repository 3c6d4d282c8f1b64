import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unmonitoredTriggers } from '../../lambda/adapters/rule-coverage.ts';
import { FORWARDER_DEAD_LETTER_QUEUE } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import type { ClientConfig, Deployment } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

const RUNBOOK = 'runbook, "A Region is not monitored"';

/** The Regions that forward their events to the home Region. */
export const otherRegions = ({ setting }: Deployment): readonly string[] =>
  (setting('Regions') ?? '').split(',').slice(1);

/** Checks the rules of another Region and its dead-letter queue for events that were not forwarded. */
export async function checkRegion(region: string, config: ClientConfig): Promise<CheckResult[]> {
  const missing = await unmonitoredTriggers(new EventBridgeClient(config));
  const undelivered = await undeliveredIn(new SQSClient(config));
  const problem = (text: string, action: string): CheckResult => ({ check: region, level: 'fail', text, action });
  const deploy = `cdk deploy --all; ${RUNBOOK}`;
  const results: CheckResult[] = [];
  if (missing.length === TRIGGERS.length) results.push(problem('no EventBridge rule', deploy));
  else if (missing.length > 0)
    results.push(problem(`no EventBridge rule of this version for ${missing.join(', ')}`, deploy));
  if (undelivered === undefined) results.push(problem('the dead-letter queue was deleted', deploy));
  else if (undelivered > 0) results.push(problem(`events not forwarded to the home Region: ${undelivered}`, RUNBOOK));
  if (results.length > 0) return results;
  return [{ check: region, level: 'ok', text: 'rules present, all events forwarded' }];
}

/** Number of messages in the dead-letter queue; `undefined` if the queue does not exist. */
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
