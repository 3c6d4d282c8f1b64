import { drift } from './drift.ts';
import { readEnvelope } from './envelope.ts';
import type { Json } from './json.ts';
import { launch } from './launch.ts';
import { running } from './running.ts';
import { sighting } from './sighting.ts';
import { type EventReader, notUnderstood, type Parsed, type Trigger } from './trigger.ts';

/** Every trigger that has a rule on the bus. A new one is a new file and a line here. */
export const TRIGGERS: readonly Trigger[] = [launch, drift, running];

const READERS: readonly EventReader[] = [...TRIGGERS, sighting];

/** What an event asks for, whatever it is. Never throws: what cannot be understood is a problem and asks for nothing. */
export function parseEvent(event: Json): Parsed {
  const reader = READERS.find(({ accepts }) => accepts(event));
  if (reader === undefined) return notUnderstood('no trigger knows this kind of event');
  const envelope = readEnvelope(event);
  return typeof envelope === 'string' ? notUnderstood(envelope) : reader.parse(event, envelope);
}
