import { command } from './command.ts';
import { drift } from './drift.ts';
import type { TriggerTraits } from '../core/trigger.ts';
import { readEnvelope } from './envelope.ts';
import type { Json } from './json.ts';
import { grant } from './grant.ts';
import { launch } from './launch.ts';
import { ping } from './ping.ts';
import { refusedLaunch } from './refused-launch.ts';
import { revoke } from './revoke.ts';
import { running } from './running.ts';
import { findingReader } from './finding.ts';
import { scan } from './scan.ts';
import { weakenedDefaults } from './weakened-defaults.ts';
import { type BusRule, type EventReader, notUnderstood, type Parsed, type Trigger } from './trigger.ts';

/** The triggers of events about instances. */
const INSTANCE_TRIGGERS: readonly Trigger[] = [launch, drift, grant, revoke, running];

/** The triggers of events about prevention in a region, which name no instance. */
const PREVENTION_TRIGGERS: readonly Trigger[] = [refusedLaunch, weakenedDefaults];

/** Every trigger with an EventBridge rule. A new trigger is a new file and one entry above. */
export const TRIGGERS: readonly Trigger[] = [...INSTANCE_TRIGGERS, ...PREVENTION_TRIGGERS];

/** Triggers without a rule. */
const OTHER_TRIGGERS: readonly TriggerTraits[] = [scan, command];

/** Everything that can start the evaluation of an instance, with or without a rule. */
export const ALL_TRIGGERS: readonly TriggerTraits[] = [...INSTANCE_TRIGGERS, ...OTHER_TRIGGERS];

/** Every EventBridge rule: the rules of the triggers, and the one of the ping. */
export const BUS_RULES: readonly BusRule[] = [...TRIGGERS, ping];

/** A parser of events. It never throws: an event that cannot be read is a problem. */
export function eventParser(triggers: readonly Trigger[]): (event: Json) => Parsed {
  const readers: readonly EventReader[] = [...triggers, ping, findingReader([...triggers, ...OTHER_TRIGGERS])];
  return (event) => {
    const reader = readers.find(({ accepts }) => accepts(event));
    if (reader === undefined) return notUnderstood('no trigger reads this kind of event');
    const envelope = readEnvelope(event);
    return typeof envelope === 'string' ? notUnderstood(envelope) : reader.parse(event, envelope);
  };
}

/** Returns what an event asks for, according to the deployed triggers. */
export const parseEvent = eventParser(TRIGGERS);
