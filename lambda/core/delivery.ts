/**
 * Deliveries of a queue message before it goes to the dead-letter queue. With a visibility timeout of 91 s they
 * take an hour.
 */
export const MAX_RECEIVES = 40;

/** Which delivery of a message this is. `repeated`: an earlier one may have changed the instance without an alert. */
export type Delivery = 'first' | 'repeated';

/** A message in the dead-letter queue is at least this old. A redrive sets its receive count to zero. */
const DEAD_LETTER_MINUTES = 50;

/** Which delivery a message with this receive count is. An old event may come from the dead-letter queue. */
export function deliveryOf(receiveCount: number, occurredAt: Date, now: Date): Delivery {
  const mayBeRedriven = now.getTime() - occurredAt.getTime() > DEAD_LETTER_MINUTES * 60_000;
  return receiveCount > 1 || mayBeRedriven ? 'repeated' : 'first';
}
