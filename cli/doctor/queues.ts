import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type CheckResult, deleted, fail, ok, unlessMissing, warn } from './check-result.ts';
import type { ClientConfig, Deployment, StackResource } from './deployment.ts';

const check = 'queues';

/** The error of SQS for a queue that does not exist; its name depends on the protocol. */
export const NO_QUEUE = /NonExistentQueue|QueueDoesNotExist/;

/** Checks the queues of the stack. */
export async function checkQueues(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new SQSClient(config);
  const queues = await deployment.resources('AWS::SQS::Queue');
  return Promise.all(queues.map((queue) => checkQueue(queue, deployment, client)));
}

/** The name of a queue, whose physical id is its URL. */
export const nameOf = ({ physicalId }: StackResource): string => physicalId.split('/').at(-1) ?? physicalId;

/** Whether a queue is a dead-letter queue, which has no event source mapping. */
export const isDeadLetterQueue = ({ logicalId }: StackResource): boolean => logicalId.includes('DeadLetterQueue');

async function checkQueue(queue: StackResource, deployment: Deployment, client: SQSClient): Promise<CheckResult> {
  const url = queue.physicalId;
  const name = nameOf(queue);
  const counts = await unlessMissing(messagesIn(url, client), NO_QUEUE);
  if (counts === undefined) return deleted(check, name);
  if (isDeadLetterQueue(queue)) return deadLetterQueue(name, url, counts, deployment);
  switch (url) {
    case deployment.setting('ScanQueueUrl'):
      return scanQueue(name, counts);
    case deployment.setting('SummaryQueueUrl'):
      return ok(check, `${name}: ${counts.visible} to be summarized`);
    case deployment.setting('UrgentQueueUrl'):
      return workQueue(name, counts, 'Alerts are not sent');
    default:
      return workQueue(name, counts, 'The work queue is blocked');
  }
}

type Counts = Awaited<ReturnType<typeof messagesIn>>;

/** Approximate numbers of messages in a queue. */
export async function messagesIn(QueueUrl: string | undefined, client: SQSClient) {
  const command = new GetQueueAttributesCommand({
    QueueUrl,
    AttributeNames: [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesDelayed',
      'ApproximateNumberOfMessagesNotVisible',
    ],
  });
  const { Attributes = {} } = await client.send(command);
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
    inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

function deadLetterQueue(name: string, url: string, counts: Counts, { setting }: Deployment): CheckResult {
  const messages = counts.visible + counts.inFlight;
  if (messages === 0) return ok(check, `${name}: empty`);
  const [heading, redrive] = (() => {
    switch (url) {
      case setting('ScanDeadLetterQueueUrl'):
        return ['A scan step failed', setting('ScanRedriveCommand')];
      case setting('NotifierDeadLetterQueueUrl'):
        return ['Alerts are not sent', setting('NotifierRedriveCommand')];
      default:
        return ['Messages in the dead-letter queue', setting('RedriveCommand')];
    }
  })();
  return fail(
    check,
    `${name}: ${messages} ${messages === 1 ? 'message' : 'messages'}; events, remediations or alerts failed`,
    `runbook, "${heading}"${redrive === undefined ? '' : `; then ${redrive}`}`,
  );
}

/** Delayed messages are normal: running-state events, what was handed back, and checks. Visible ones are not. */
function workQueue(name: string, { visible, delayed, inFlight }: Counts, heading: string): CheckResult {
  const text = `${name}: ${visible} visible, ${delayed} delayed, ${inFlight} in flight`;
  if (visible === 0) return ok(check, text);
  const action = `run doctor again in a minute; if the number does not decrease: runbook, "${heading}"`;
  return warn(check, text, action);
}

/** A scan handles the messages of a Region one by one, for hours; one of them is in flight. */
function scanQueue(name: string, { visible, inFlight }: Counts): CheckResult {
  const messages = `${visible} ${visible === 1 ? 'message' : 'messages'}`;
  if (inFlight > 0) return ok(check, `${name}: scan in progress, ${messages} waiting`);
  if (visible === 0) return ok(check, `${name}: no scan in progress`);
  const action = 'run doctor again in a minute; if nothing changes: runbook, "No scan completes"';
  return warn(check, `${name}: ${messages} waiting, none in flight`, action);
}
