import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unheard } from '../../lambda/adapters/rule-coverage.ts';
import { FORWARDER_DEAD_LETTERS } from '../../lambda/contract.ts';
import { TRIGGERS } from '../../lambda/triggers/index.ts';
import type { ClientConfig, Deployment } from './deployment.ts';
import type { Finding } from './check-result.ts';

const RUNBOOK = 'runbook, "A region is not listened to"';

/** The regions that send their events to the deployment. */
export const otherRegions = ({ setting }: Deployment): readonly string[] =>
  (setting('Regions') ?? '').split(',').slice(1);

/**
 * Whether rules listen in another region, and whether what they hear reaches the home region. Needs `events:ListRules`,
 * `sqs:GetQueueUrl` and `sqs:GetQueueAttributes` there.
 */
export async function checkRegion(region: string, config: ClientConfig): Promise<Finding[]> {
  const missing = await unheard(new EventBridgeClient(config));
  const unsent = await unsentIn(new SQSClient(config));
  const problem = (text: string, todo: string): Finding => ({ check: region, level: 'fail', text, todo });
  const deploy = `cdk deploy --all; ${RUNBOOK}`;
  const findings: Finding[] = [];
  if (missing.length === TRIGGERS.length) findings.push(problem('no rule listens', deploy));
  else if (missing.length > 0)
    findings.push(problem(`no rule of this version listens for ${missing.join(', ')}`, deploy));
  if (unsent === undefined) findings.push(problem('the queue of what is not sent was deleted', deploy));
  else if (unsent > 0) findings.push(problem(`${unsent} events did not reach the home region`, RUNBOOK));
  if (findings.length > 0) return findings;
  return [{ check: region, level: 'ok', text: 'its rules listen, and nothing waits to be sent' }];
}

/** How many events wait; nothing if there is no queue. */
async function unsentIn(client: SQSClient): Promise<number | undefined> {
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: FORWARDER_DEAD_LETTERS }));
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
