import { drift } from './drift.ts';
import { readEnvelope } from './envelope.ts';
import type { Json } from './json.ts';
import { grant } from './grant.ts';
import { launch } from './launch.ts';
import { ping } from './ping.ts';
import { revoke } from './revoke.ts';
import { running } from './running.ts';
import { finding } from './finding.ts';
import { type BusRule, type EventReader, notUnderstood, type Parsed, type Trigger } from './trigger.ts';

/** Every trigger that has a rule on the bus. A new one is a new file and a line here. */
export const TRIGGERS: readonly Trigger[] = [launch, drift, grant, revoke, running];

/** Every rule on the bus: those of the triggers, and that of the ping. */
export const BUS_RULES: readonly BusRule[] = [...TRIGGERS, ping];

const READERS: readonly EventReader[] = [...TRIGGERS, ping, finding];

/** What an event asks for, whatever it is. Never throws: what cannot be understood is a problem and asks for nothing. */
export function parseEvent(event: Json): Parsed {
  const reader = READERS.find(({ accepts }) => accepts(event));
  if (reader === undefined) return notUnderstood('no trigger knows this kind of event');
  const envelope = readEnvelope(event);
  return typeof envelope === 'string' ? notUnderstood(envelope) : reader.parse(event, envelope);
}
