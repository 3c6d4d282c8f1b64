import type { TriggerName } from '../contract.ts';
import type { Lookup, Target } from '../core/target.ts';
import type { Json } from './json.ts';

/** Understands one kind of event. */
export interface EventReader {
  /** Whether an event is of this kind (looser than a rule's pattern, which also sorts by content). */
  readonly accepts: (event: Json) => boolean;
  /** What the event names. Never throws: what cannot be read is a problem. */
  readonly parse: (event: Json, envelope: Envelope) => Parsed;
}

/** A rule on the bus. */
export interface BusRule {
  /** Construct id of the rule. */
  readonly ruleId: string;
  /** Describes the rule in the console. */
  readonly description: string;
  /** EventBridge event pattern. */
  readonly pattern: Readonly<Record<string, unknown>>;
  /** `direct` invokes the function at once; `queued` waits in the work queue and comes in batches. */
  readonly delivery: 'direct' | 'queued';
}

/** One kind of event that makes us look. Pattern and parser live together: what passes one must be understood by the other. */
export interface Trigger extends EventReader, BusRule {
  readonly name: TriggerName;
}

/** Checked parts of an event's envelope. */
export interface Envelope {
  readonly account: string;
  readonly region: string;
  readonly eventId: string;
  readonly occurredAt: Date;
}

/** What an event asks for. */
export interface Parsed {
  readonly targets: readonly Target[];
  readonly lookups: readonly Lookup[];
  /** What could not be understood, one sentence each. */
  readonly problems: readonly string[];
}

/** An event that asks for these targets only. */
export const asksFor = (...targets: readonly Target[]): Parsed => ({ targets, lookups: [], problems: [] });

/** An event, or a part of it, that could not be understood. */
export const notUnderstood = (problem: string): Parsed => ({ targets: [], lookups: [], problems: [problem] });
