import { FailureError } from '../core/failure.ts';
import type { OutcomeEvent } from '../core/outcome-event.ts';
import type { OutcomeBus, Telemetry, Time } from './ports/index.ts';
import { attempt, withRetries } from './retry.ts';

/** What putting events needs from the outside. */
export interface OutcomePorts {
  readonly bus: OutcomeBus;
  readonly telemetry: Pick<Telemetry, 'warning'>;
  readonly time: Time;
}

/** Milliseconds in which refused events are put again even if the deadline of new work has passed. */
const PATIENCE = 4_000;

/**
 * Puts events on the bus of outcomes, and those that it refuses again, until the deadline.
 *
 * @returns the events that were not accepted.
 */
export async function putOutcomes(
  events: readonly OutcomeEvent[],
  { bus, telemetry, time }: OutcomePorts,
): Promise<readonly OutcomeEvent[]> {
  if (events.length === 0) return [];
  const deadline = new Date(Math.max(time.deadline.getTime(), time.now().getTime() + PATIENCE));
  let remaining = events;
  const put = async () => {
    remaining = await bus.put(remaining);
    if (remaining.length === 0) return;
    throw new FailureError('unavailable', `EventBridge refused ${remaining.length} of ${events.length} events`);
  };
  const failure = await attempt(() => withRetries(put, { ...time, deadline }));
  if (!(failure instanceof FailureError)) return [];
  telemetry.warning('outcomes could not be put on the event bus; a retry notifies them', failure);
  return remaining;
}
