import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unmonitoredTriggers } from '../../lambda/adapters/rule-coverage.ts';
import { FORWARDER_DEAD_LETTER_QUEUE } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import { type CheckResult, fail, ok, unlessMissing } from './check-result.ts';
import type { ClientConfig, Deployment } from './deployment.ts';
import { messagesIn, NO_QUEUE } from './queues.ts';

const RUNBOOK = 'runbook, "A Region is not monitored"';

/** The Regions that forward their events to the home Region. */
export const otherRegions = ({ setting }: Deployment): readonly string[] =>
  (setting('Regions') ?? '').split(',').slice(1);

/** Checks the rules of another Region and its dead-letter queue for events that were not forwarded. */
export async function checkRegion(region: string, config: ClientConfig): Promise<CheckResult[]> {
  const missing = await unmonitoredTriggers(new EventBridgeClient(config));
  const undelivered = await unlessMissing(undeliveredIn(new SQSClient(config)), NO_QUEUE);
  const deploy = `cdk deploy --all; ${RUNBOOK}`;
  const results: CheckResult[] = [];
  if (missing.length === TRIGGERS.length) results.push(fail(region, 'no EventBridge rule', deploy));
  else if (missing.length > 0)
    results.push(fail(region, `no EventBridge rule of this version for ${missing.join(', ')}`, deploy));
  if (undelivered === undefined) results.push(fail(region, 'the dead-letter queue was deleted', deploy));
  else if (undelivered > 0)
    results.push(fail(region, `events not forwarded to the home Region: ${undelivered}`, RUNBOOK));
  return results.length > 0 ? results : [ok(region, 'rules present, all events forwarded')];
}

/** Number of messages in the dead-letter queue. */
async function undeliveredIn(client: SQSClient): Promise<number> {
  const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: FORWARDER_DEAD_LETTER_QUEUE }));
  const { visible, inFlight } = await messagesIn(QueueUrl, client);
  return visible + inFlight;
}
