import { SOURCE } from '../contract.ts';
import type { AlertMessage } from './message.ts';

const DETAIL_TYPE = 'Unsent alert';

/** An alert that SNS refused, as it waits on the work queue. */
export interface Unsent {
  readonly source: typeof SOURCE;
  readonly 'detail-type': typeof DETAIL_TYPE;
  readonly detail: AlertMessage;
}

export function toUnsent(detail: AlertMessage): Unsent {
  return { source: SOURCE, 'detail-type': DETAIL_TYPE, detail };
}

/** The alert in a queue message; `undefined` for anything else. */
export function fromUnsent(body: unknown): AlertMessage | undefined {
  const { source, 'detail-type': type, detail } = (body ?? {}) as Partial<Unsent>;
  if (source !== SOURCE || type !== DETAIL_TYPE || detail === undefined) return undefined;
  const whole = typeof detail.subject === 'string' && typeof detail.email === 'string' && 'attributes' in detail;
  return whole && typeof detail.json === 'object' ? detail : undefined;
}
