import type { Message } from '../../core/message.ts';
import type { OutcomeEvent } from '../../core/outcome-event.ts';

/** The event bus of outcomes. */
export interface OutcomeBus {
  /**
   * Puts events on the bus.
   *
   * @returns the events that the bus did not accept, which may be put again.
   * @throws FailureError if every call failed as a whole, so that no event is known to be accepted.
   */
  put(events: readonly OutcomeEvent[]): Promise<readonly OutcomeEvent[]>;
}

/** Publishes alerts and digests. */
export interface Publisher {
  /** @throws FailureError */
  publish(message: Message): Promise<void>;
}

/** Publishes messages in the form of a chat service. */
export interface ChatPublisher {
  /** Does nothing if the message has no such form. @throws FailureError */
  publish(message: Message): Promise<void>;
}
