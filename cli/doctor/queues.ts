import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ClientConfig, Deployment, StackResource } from './deployment.ts';
import type { Finding } from './check-result.ts';

const check = 'queues';

/** Whether work waits, or was given up. Needs `cloudformation:ListStackResources` and `sqs:GetQueueAttributes`. */
export async function checkQueues(deployment: Deployment, config: ClientConfig): Promise<Finding[]> {
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
export const isDeadLetters = ({ logicalId }: StackResource): boolean => logicalId.includes('DeadLetters');

async function lookAt(queue: StackResource, deployment: Deployment, client: SQSClient): Promise<Finding> {
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
  if (isDeadLetters(queue)) return deadLetters(name, physicalId, counts, deployment);
  return physicalId === deployment.setting('SweepQueueUrl') ? steps(name, counts) : work(name, counts);
}

type Counts = Readonly<Record<keyof typeof COUNTS, number>>;

const gone = (name: string): Finding => ({
  check,
  level: 'fail',
  text: `${name} was deleted by hand`,
  todo: 'delete the stack and deploy it again',
});

function deadLetters(name: string, url: string, { waiting, taken }: Counts, deployment: Deployment): Finding {
  const count = waiting + taken;
  if (count === 0) return { check, level: 'ok', text: `${name}: empty` };
  const [heading, redrive] =
    url === deployment.setting('SweepDeadLettersUrl')
      ? ['A sweep could not be done', deployment.setting('SweepRedriveCommand')]
      : ['Dead letters are waiting', deployment.setting('RedriveCommand')];
  return {
    check,
    level: 'fail',
    text: `${name}: ${count} dead letters; something was not delivered, not done or not told`,
    todo: `runbook, "${heading}"${redrive === undefined ? '' : `; then ${redrive}`}`,
  };
}

/** Every launch waits here for a minute and a half, so what waits is no finding; what is due and not taken is. */
function work(name: string, { waiting, delayed, taken }: Counts): Finding {
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
function steps(name: string, { waiting, taken }: Counts): Finding {
  if (taken > 0) return { check, level: 'ok', text: `${name}: a sweep is under way, ${waiting} steps wait` };
  if (waiting === 0) return { check, level: 'ok', text: `${name}: no sweep is under way` };
  return {
    check,
    level: 'warn',
    text: `${name}: ${waiting} steps wait, and none is being taken`,
    todo: 'look again in a minute; if it stays so: runbook, "No sweep completes"',
  };
}
