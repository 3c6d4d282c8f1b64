import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ClientConfig, Deployment, StackResource } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

const check = 'queues';

/** Checks the queues of the stack. */
export async function checkQueues(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new SQSClient(config);
  const queues = await deployment.resources('AWS::SQS::Queue');
  return Promise.all(queues.map((queue) => checkQueue(queue, deployment, client)));
}

const COUNTS = {
  visible: 'ApproximateNumberOfMessages',
  delayed: 'ApproximateNumberOfMessagesDelayed',
  inFlight: 'ApproximateNumberOfMessagesNotVisible',
} as const;

/** The name of a queue, whose physical id is its URL. */
export const nameOf = ({ physicalId }: StackResource): string => physicalId.split('/').at(-1) ?? physicalId;

/** Whether a queue is a dead-letter queue, which has no event source mapping. */
export const isDeadLetterQueue = ({ logicalId }: StackResource): boolean => logicalId.includes('DeadLetterQueue');

async function checkQueue(queue: StackResource, deployment: Deployment, client: SQSClient): Promise<CheckResult> {
  const { physicalId } = queue;
  const command = new GetQueueAttributesCommand({ QueueUrl: physicalId, AttributeNames: Object.values(COUNTS) });
  const attributes = await client.send(command).then(
    ({ Attributes = {} }) => Attributes,
    (error: unknown) => {
      if (error instanceof Error && /NonExistentQueue|QueueDoesNotExist/.test(error.name)) return undefined;
      throw error;
    },
  );
  const name = nameOf(queue);
  if (attributes === undefined) return deleted(name);
  const [visible, delayed, inFlight] = Object.values(COUNTS).map((key) => Number(attributes[key] ?? 0));
  const counts = { visible: visible ?? 0, delayed: delayed ?? 0, inFlight: inFlight ?? 0 };
  if (isDeadLetterQueue(queue)) return deadLetterQueue(name, physicalId, counts, deployment);
  return physicalId === deployment.setting('ScanQueueUrl') ? scanQueue(name, counts) : workQueue(name, counts);
}

type Counts = Readonly<Record<keyof typeof COUNTS, number>>;

const deleted = (name: string): CheckResult => ({
  check,
  level: 'fail',
  text: `${name} was deleted outside CloudFormation`,
  action: 'delete the stack and deploy it again',
});

function deadLetterQueue(
  name: string,
  url: string,
  { visible, inFlight }: Counts,
  deployment: Deployment,
): CheckResult {
  const count = visible + inFlight;
  if (count === 0) return { check, level: 'ok', text: `${name}: empty` };
  const [heading, redrive] =
    url === deployment.setting('ScanDeadLetterQueueUrl')
      ? ['A scan step failed', deployment.setting('ScanRedriveCommand')]
      : ['Messages in the dead-letter queue', deployment.setting('RedriveCommand')];
  return {
    check,
    level: 'fail',
    text: `${name}: ${count} ${count === 1 ? 'message' : 'messages'}; events, remediations or alerts failed`,
    action: `runbook, "${heading}"${redrive === undefined ? '' : `; then ${redrive}`}`,
  };
}

/** Delayed messages are normal: running-state events, what was handed back, and post-change checks. Visible ones are not. */
function workQueue(name: string, { visible, delayed, inFlight }: Counts): CheckResult {
  const text = `${name}: ${visible} visible, ${delayed} delayed, ${inFlight} in flight`;
  if (visible === 0) return { check, level: 'ok', text };
  return {
    check,
    level: 'warn',
    text,
    action: 'run doctor again in a minute; if the number does not decrease: runbook, "The work queue is blocked"',
  };
}

/** A scan handles the messages of a Region one by one, for hours; one of them is in flight. */
function scanQueue(name: string, { visible, inFlight }: Counts): CheckResult {
  const messages = `${visible} ${visible === 1 ? 'message' : 'messages'}`;
  if (inFlight > 0) return { check, level: 'ok', text: `${name}: scan in progress, ${messages} waiting` };
  if (visible === 0) return { check, level: 'ok', text: `${name}: no scan in progress` };
  return {
    check,
    level: 'warn',
    text: `${name}: ${messages} waiting, none in flight`,
    action: 'run doctor again in a minute; if nothing changes: runbook, "No scan completes"',
  };
}
