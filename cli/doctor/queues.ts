import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ClientConfig, Deployment, StackResource } from './deployment.ts';
import type { CheckResult } from './check-result.ts';

const check = 'queues';

/** Whether work waits, or was given up. Needs `cloudformation:ListStackResources` and `sqs:GetQueueAttributes`. */
export async function checkQueues(deployment: Deployment, config: ClientConfig): Promise<CheckResult[]> {
  const client = new SQSClient(config);
  const queues = await deployment.resources('AWS::SQS::Queue');
  return Promise.all(queues.map((queue) => lookAt(queue, deployment, client)));
}

const COUNTS = {
  waiting: 'ApproximateNumberOfMessages',
  delayed: 'ApproximateNumberOfMessagesDelayed',
  taken: 'ApproximateNumberOfMessagesNotVisible',
} as const;

/** The name of a queue: its physical id is the URL. */
export const nameOf = ({ physicalId }: StackResource): string => physicalId.split('/').at(-1) ?? physicalId;

/** Whether a queue holds what was given up; nothing takes from it. */
export const isDeadLetterQueue = ({ logicalId }: StackResource): boolean => logicalId.includes('DeadLetterQueue');

async function lookAt(queue: StackResource, deployment: Deployment, client: SQSClient): Promise<CheckResult> {
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
  if (attributes === undefined) return gone(name);
  const [waiting, delayed, taken] = Object.values(COUNTS).map((key) => Number(attributes[key] ?? 0));
  const counts = { waiting: waiting ?? 0, delayed: delayed ?? 0, taken: taken ?? 0 };
  if (isDeadLetterQueue(queue)) return deadLetterQueue(name, physicalId, counts, deployment);
  return physicalId === deployment.setting('ScanQueueUrl') ? steps(name, counts) : work(name, counts);
}

type Counts = Readonly<Record<keyof typeof COUNTS, number>>;

const gone = (name: string): CheckResult => ({
  check,
  level: 'fail',
  text: `${name} was deleted by hand`,
  todo: 'delete the stack and deploy it again',
});

function deadLetterQueue(name: string, url: string, { waiting, taken }: Counts, deployment: Deployment): CheckResult {
  const count = waiting + taken;
  if (count === 0) return { check, level: 'ok', text: `${name}: empty` };
  const [heading, redrive] =
    url === deployment.setting('ScanDeadLetterQueueUrl')
      ? ['A scan could not be done', deployment.setting('ScanRedriveCommand')]
      : ['Dead letters are waiting', deployment.setting('RedriveCommand')];
  return {
    check,
    level: 'fail',
    text: `${name}: ${count} dead letters; something was not delivered, not done or not told`,
    todo: `runbook, "${heading}"${redrive === undefined ? '' : `; then ${redrive}`}`,
  };
}

/** Every launch waits here for a minute and a half, so what waits is no result; what is due and not taken is. */
function work(name: string, { waiting, delayed, taken }: Counts): CheckResult {
  const rest = `${delayed} delayed, ${taken} being worked on`;
  if (waiting === 0) return { check, level: 'ok', text: `${name}: nothing is due (${rest})` };
  return {
    check,
    level: 'warn',
    text: `${name}: ${waiting} due (${rest})`,
    todo: 'look again in a minute; if it does not go down: runbook, "The work queue does not move"',
  };
}

/** Steps of a region wait for one another, for hours where there is much to close; but then one of them is being taken. */
function steps(name: string, { waiting, taken }: Counts): CheckResult {
  if (taken > 0) return { check, level: 'ok', text: `${name}: a scan is under way, ${waiting} steps wait` };
  if (waiting === 0) return { check, level: 'ok', text: `${name}: no scan is under way` };
  return {
    check,
    level: 'warn',
    text: `${name}: ${waiting} steps wait, and none is being taken`,
    todo: 'look again in a minute; if it stays so: runbook, "No scan completes"',
  };
}
