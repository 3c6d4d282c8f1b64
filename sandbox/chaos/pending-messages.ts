import type { Sandbox } from '../index.ts';
import { at, text } from '../aws/wire/params.ts';

/** Queues whose alarms tell that something waits in them. */
export const QUEUES = ['WorkQueue', 'DeadLetterQueue'] as const;
export type QueueName = (typeof QUEUES)[number];

/** Names that a message holds, whatever it is. */
interface Names {
  readonly ids: ReadonlySet<string>;
  readonly tokens: ReadonlySet<string>;
}

/** What waits in a queue. */
export interface Waiting {
  readonly queue: QueueName;
  readonly messages: number;
  /** Of all messages but checks: a retry looks at these. */
  readonly named: Names;
  /** Of the messages that lead to an alert even if the instance is closed by then. */
  readonly tells: Names;
}

/** Reads the queues from above, as an operator who looks for an instance would. */
export function waitingIn(sandbox: Pick<Sandbox, 'queue'>): readonly Waiting[] {
  return QUEUES.map((queue) => {
    const messages = sandbox.queue(queue).messages();
    const bodies = messages.map(({ body }) => body).filter((body) => !isPostChangeCheck(body));
    return { queue, messages: messages.length, named: namesIn(bodies), tells: namesIn(bodies.filter(isNotified)) };
  });
}

function namesIn(bodies: readonly string[]): Names {
  const all = (form: RegExp) => new Set(bodies.flatMap((body) => body.match(form) ?? []));
  const tokens = bodies.map(eventIn).map((event) => text(event, 'detail', 'requestParameters', 'clientToken') ?? '');
  return { ids: all(/\bi-[0-9a-f]{17}\b/g), tokens: new Set(tokens) };
}

/**
 * An undelivered alert, a finding and a record that states the options lead to an alert. A running-state event and a record without
 * its instances do not: from them, a closed instance looks like any other.
 */
function isNotified(body: string): boolean {
  const event = eventIn(body);
  if (text(event, 'detail-type') === 'EC2 Instance State-change Notification') return false;
  return text(event, 'detail', 'responseElements', 'omitted') === undefined;
}

/** A check asks what became of a closing: it names an instance, but it neither closes it nor tells that it was closed. */
export const isPostChangeCheck = (body: string): boolean => text(eventIn(body), 'detail-type') === 'Post-change check';

/** The event itself, also where Lambda's on-failure destination wrapped it. */
function eventIn(body: string): unknown {
  const content: unknown = JSON.parse(body);
  return at(content, 'requestPayload') ?? content;
}
