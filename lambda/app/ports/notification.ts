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

/** A message of a queue that was received, and is not deleted yet. */
export interface ReceivedMessage {
  readonly body: string;
  /** Deletes this delivery of the message. */
  readonly receipt: string;
}

/** The queue of events whose alerts are summarized. */
export interface SummaryQueue {
  /**
   * Receives some messages; an empty list if there are none.
   *
   * @throws FailureError
   */
  receive(): Promise<readonly ReceivedMessage[]>;
  /**
   * Deletes messages that were received.
   *
   * @returns the messages that were not deleted, and are delivered again.
   * @throws FailureError if every call failed.
   */
  remove(messages: readonly ReceivedMessage[]): Promise<readonly ReceivedMessage[]>;
  /**
   * Sends the events of alerts that were notified a moment ago.
   *
   * @returns the bodies that were not accepted.
   * @throws FailureError if every call failed.
   */
  put(bodies: readonly string[]): Promise<readonly string[]>;
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
