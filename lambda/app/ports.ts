import type { MetadataOptions, Snapshot } from '../core/instance.ts';
import type { AlertMessage } from '../core/message.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Lookup } from '../core/target.ts';
import type { Sighting } from '../triggers/sighting.ts';

/** Reads instances. Every method may throw a `FailureError`, and nothing else that is expected. */
export interface InstanceReader {
  /** Those of the instances that EC2 shows now, in no order. An id that EC2 does not know is absent and hides no other. */
  describe(region: string, instanceIds: readonly string[]): Promise<readonly Snapshot[]>;
  /** The instances of a launch whose ids are not known, by its token or the time it was made. */
  find(lookup: Lookup): Promise<readonly Snapshot[]>;
}

/** Changes instances. */
export interface InstanceWriter {
  /**
   * Requires tokens and nothing else.
   *
   * @returns the options as EC2 answers them; `State` is usually `pending`.
   * @throws FailureError
   */
  requireTokens(region: string, instanceId: string): Promise<MetadataOptions>;
}

/** Keeps what must not be lost until a later invocation takes it up. */
export interface WorkQueue {
  /** @throws FailureError if any of them could not be kept. */
  putSightings(sightings: readonly Sighting[]): Promise<void>;
  /** @throws FailureError */
  putUnsent(message: AlertMessage): Promise<void>;
}

/** Tells people. */
export interface Publisher {
  /** @throws FailureError */
  publish(message: AlertMessage): Promise<void>;
}

/** Writes down what happened, for logs and metrics. Never fails. */
export interface Journal {
  /** @param told whether people are told. */
  outcome(outcome: Outcome, told: boolean): void;
  /** Something in an event could not be understood. */
  notUnderstood(eventId: string, problem: string): void;
  /** Something went wrong that the caller dealt with. */
  warning(text: string, error: unknown): void;
}

/** The clock of one invocation. */
export interface Time {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
  /** From 0 up to, not including, 1: the jitter of retries. */
  random(): number;
  /** Nothing new is begun after it. */
  readonly deadline: Date;
}

/** What the use cases need from the outside. */
export interface Ports {
  readonly reader: InstanceReader;
  /** Absent in audit mode: what would be changed is told instead. */
  readonly writer?: InstanceWriter;
  readonly queue: WorkQueue;
  readonly publisher: Publisher;
  readonly journal: Journal;
  readonly time: Time;
}
