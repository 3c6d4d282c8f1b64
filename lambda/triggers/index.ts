import { drift } from './drift.ts';
import { type Json, text } from './json.ts';
import { launch } from './launch.ts';
import { running } from './running.ts';
import { parseSighting } from './sighting.ts';
import type { EventOrigin, Parsed, Trigger } from './trigger.ts';

/** Every trigger that has a rule on the bus. A new one is a new file and a line here. */
export const TRIGGERS: readonly Trigger[] = [launch, drift, running];

/** What an event asks for, whatever it is. Never throws: what cannot be understood is a problem and asks for nothing. */
export function parseEvent(event: Json): Parsed {
  const sighting = parseSighting(event);
  if (sighting !== undefined) return sighting;
  const trigger = TRIGGERS.find(({ accepts }) => accepts(event));
  if (trigger === undefined) return notUnderstood('no trigger knows this kind of event');
  const origin = originOf(event);
  return typeof origin === 'string' ? notUnderstood(origin) : trigger.parse(event, origin);
}

/** The id of an event, for a log line; `none` if it has none. */
export function eventIdOf(event: Json): string {
  return text(event, 'id') ?? 'none';
}

const notUnderstood = (problem: string): Parsed => ({ targets: [], lookups: [], problems: [problem] });

function originOf(event: Json): EventOrigin | string {
  const account = text(event, 'account') ?? '';
  if (!/^\d{12}$/.test(account)) return 'account is not twelve digits';
  const region = text(event, 'region') ?? '';
  if (!/^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/.test(region)) return 'region is not a region name';
  // A CloudTrail record can arrive late; the call was made at `eventTime`.
  const occurredAt = [text(event, 'detail', 'eventTime'), text(event, 'time')]
    .map((time) => new Date(time ?? NaN))
    .find((time) => !Number.isNaN(time.getTime()));
  if (occurredAt === undefined) return 'time is not a date';
  return { account, region, eventId: eventIdOf(event), occurredAt };
}

