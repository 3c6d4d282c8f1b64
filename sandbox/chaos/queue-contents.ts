import { text } from '../aws/wire/params.ts';
import type { Sandbox } from '../index.ts';

/** Queues whose alarms report messages that are not processed. Post-change checks may be in the last one. */
export const QUEUES = ['WorkQueue', 'GivenUpQueue', 'DeadLetterQueue'] as const;
export type QueueName = (typeof QUEUES)[number];

/** Queues of events that are notified. They do not lead to a remediation. */
const NOTIFIER_QUEUES = ['UrgentQueue', 'SummaryQueue', 'NotifierDeadLetterQueue'] as const;

/** Instance ids and client tokens in messages. */
interface References {
  readonly ids: ReadonlySet<string>;
  readonly tokens: ReadonlySet<string>;
}

/** The messages in a queue. */
export interface QueueContents {
  readonly queue: QueueName;
  readonly messages: number;
  /** In all messages except post-change checks. A retry processes these instances. */
  readonly referenced: References;
  /** In messages that lead to an alert even if the instance requires IMDSv2 by then. */
  readonly notifying: References;
}

/** Reads the queues without receiving messages. */
export function queueContents(sandbox: Pick<Sandbox, 'queue'>): readonly QueueContents[] {
  return QUEUES.map((queue) => {
    const messages = sandbox.queue(queue).messages();
    const bodies = messages.map(({ body }) => body).filter((body) => !isPostChangeCheck(body));
    const notifying = referencesIn(bodies.filter(leadsToAlert));
    return { queue, messages: messages.length, referenced: referencesIn(bodies), notifying };
  });
}

/** The messages in the queues of the notifier. */
export function notifierContents(sandbox: Pick<Sandbox, 'queue'>): Pick<QueueContents, 'messages' | 'notifying'> {
  const bodies = NOTIFIER_QUEUES.flatMap((queue) => sandbox.queue(queue).messages()).map(({ body }) => body);
  return { messages: bodies.length, notifying: referencesIn(bodies) };
}

/** A check neither remediates an instance nor notifies of a remediation. */
const isPostChangeCheck = (body: string): boolean => text(JSON.parse(body), 'detail-type') === 'Post-change check';

function referencesIn(bodies: readonly string[]): References {
  const ids = new Set(bodies.flatMap((body) => body.match(/\bi-[0-9a-f]{17}\b/g) ?? []));
  const tokens = bodies.map((body) => text(JSON.parse(body), 'detail', 'requestParameters', 'clientToken') ?? '');
  return { ids, tokens: new Set(tokens) };
}

/**
 * Whether a message leads to an alert about an instance that requires IMDSv2 by then.
 *
 * A finding and a record with metadata options do. A running-state event and a record without
 * instances do not, because they do not show that IMDSv1 was enabled.
 */
function leadsToAlert(body: string): boolean {
  const event: unknown = JSON.parse(body);
  if (text(event, 'detail-type') === 'EC2 Instance State-change Notification') return false;
  return text(event, 'detail', 'responseElements', 'omitted') === undefined;
}
