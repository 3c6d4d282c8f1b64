import type { OutcomeEvent } from '../core/outcome-event.ts';
import type { OutcomeBus, Telemetry, Time } from './ports/index.ts';
import { retryRefused } from './retry.ts';

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
  const deadline = new Date(Math.max(time.deadline.getTime(), time.now().getTime() + PATIENCE));
  const { refused, failure } = await retryRefused(events, (some) => bus.put(some), { ...time, deadline });
  if (failure) telemetry.warning('outcomes could not be put on the event bus; a retry notifies them', failure);
  return refused;
}
