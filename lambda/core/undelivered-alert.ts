import { SOURCE } from '../contract.ts';
import type { Message } from './message.ts';

const DETAIL_TYPE = 'Undelivered alert';

/** An alert that SNS did not accept, as a message of the work queue. */
export interface UndeliveredAlert {
  readonly source: typeof SOURCE;
  readonly 'detail-type': typeof DETAIL_TYPE;
  readonly detail: Message;
}

/** The message of the work queue for an alert that SNS did not accept. */
export function toUndelivered(detail: Message): UndeliveredAlert {
  return { source: SOURCE, 'detail-type': DETAIL_TYPE, detail };
}

/** The alert in a message of the work queue; `undefined` if the message is anything else. */
export function fromUndelivered(body: unknown): Message | undefined {
  const { source, 'detail-type': type, detail } = (body ?? {}) as Partial<UndeliveredAlert>;
  if (source !== SOURCE || type !== DETAIL_TYPE) return undefined;
  const { subject, email, json, attributes } = (detail ?? {}) as Partial<Message>;
  const objects = [json, attributes].every((part) => typeof part === 'object' && part !== null);
  return objects && typeof subject === 'string' && typeof email === 'string' ? detail : undefined;
}
