import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unlessMissing } from '../../lambda/adapters/health/context.ts';
import { queueName } from '../../lambda/adapters/health/parts.ts';
import type { HealthResult } from '../../lambda/core/health.ts';
import { ok, warn } from './check-result.ts';
import type { ClientConfig, Deployment } from './deployment.ts';

const check = 'backlog';

/** How much work waits in the queues now: normal for a moment, so that it is no finding of the health checks. */
export async function checkBacklog(deployment: Deployment, config: ClientConfig): Promise<readonly HealthResult[]> {
  const client = new SQSClient(config);
  const of = async (output: string, heading: string) => {
    const url = deployment.output(output);
    return workQueue(queueName(url), await messagesIn(url, client), heading);
  };
  const scan = deployment.output('ScanQueueUrl');
  return [
    await of('WorkQueueUrl', 'The work queue is blocked'),
    await of('UrgentQueueUrl', 'Alerts are not sent'),
    scanQueue(queueName(scan), await messagesIn(scan, client)),
  ];
}

type Counts = Awaited<ReturnType<typeof messagesIn>>;

/** Approximate numbers of messages in a queue; none if it was deleted, which the health checks report. */
async function messagesIn(QueueUrl: string, client: SQSClient) {
  const command = new GetQueueAttributesCommand({
    QueueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
    ],
  });
  const { Attributes = {} } = (await unlessMissing(client.send(command))) ?? {};
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

/** Delayed messages are normal: running-state events, what was handed back, and checks. Visible ones are not. */
function workQueue(name: string, { visible, delayed, inFlight }: Counts, heading: string): HealthResult {
  const text = `${name}: ${visible} visible, ${delayed} delayed, ${inFlight} in flight`;
  if (visible === 0) return ok(check, text);
  const action = `run doctor again in a minute; if the number does not decrease: runbook, "${heading}"`;
  return warn(check, text, action);
}

/** A scan handles the messages of a Region one by one, for hours; one of them is in flight. */
function scanQueue(name: string, { visible, inFlight }: Counts): HealthResult {
  const messages = `${visible} ${visible === 1 ? 'message' : 'messages'}`;
  if (inFlight > 0) return ok(check, `${name}: scan in progress, ${messages} waiting`);
  if (visible === 0) return ok(check, `${name}: no scan in progress`);
  const action = 'run doctor again in a minute; if nothing changes: runbook, "No scan completes"';
  return warn(check, `${name}: ${messages} waiting, none in flight`, action);
}
