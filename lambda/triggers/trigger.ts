import type { PreventionEvent } from '../core/prevention/event.ts';
import type { Lookup, Target } from '../core/target.ts';
import type { TriggerTraits } from '../core/trigger.ts';
import type { Json } from './json.ts';

/** Reads one kind of event. */
export interface EventReader {
  /** Whether an event is of this kind. Looser than the pattern of a rule, which also filters by content. */
  readonly accepts: (event: Json) => boolean;
  /** What the event asks for. Never throws: what cannot be read is a problem. */
  readonly parse: (event: Json, envelope: Envelope) => Parsed;
}

/** An EventBridge rule. */
export interface BusRule {
  /** Construct id of the rule. */
  readonly ruleId: string;
  /** Description of the rule in the console. */
  readonly description: string;
  /** EventBridge event pattern. */
  readonly pattern: Readonly<Record<string, unknown>>;
}

/** A kind of event that starts an evaluation. Its parser must read what its pattern matches. */
export interface Trigger extends TriggerTraits, EventReader, BusRule {}

/** Validated parts of the envelope of an event. */
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
  /** What happened to prevention in a region; absent for an event about instances. */
  readonly prevention?: PreventionEvent;
  /** What could not be read, one sentence each. */
  readonly problems: readonly string[];
}

/** The result for an event that asks for these targets only. */
export const asksFor = (...targets: readonly Target[]): Parsed => ({ targets, lookups: [], problems: [] });

/** The result for an event that could not be read. */
export const notUnderstood = (problem: string): Parsed => ({ targets: [], lookups: [], problems: [problem] });
