import { FailureError } from '../core/failure.ts';
import type { OutcomeEvent } from '../core/outcome-event.ts';
import type { OutcomeBus, Time } from './ports/index.ts';
import { withRetries } from './retry.ts';

/**
 * Puts events on the bus of outcomes, and those that it refuses again, until the deadline.
 *
 * @throws FailureError if some were not accepted; a retry of the invocation then notifies them.
 */
export async function putOutcomes(
  events: readonly OutcomeEvent[],
  { bus, time }: { readonly bus: OutcomeBus; readonly time: Time },
): Promise<void> {
  if (events.length === 0) return;
  let remaining = events;
  await withRetries(async () => {
    remaining = await bus.put(remaining);
    if (remaining.length === 0) return;
    throw new FailureError('unavailable', `EventBridge refused ${remaining.length} of ${events.length} events`);
  }, time);
}
