import { ACCOUNT, REGION } from '../core/target.ts';
import { at, type Json, text } from './json.ts';
import type { Envelope } from './trigger.ts';

/** The id of an event, for log lines; `none` if it has none. */
export function eventIdOf(event: Json): string {
  return text(event, 'id') ?? 'none';
}

/** Key of the number of times that scans have sent a message again. */
export const RESENT = 'imdsv2-enforcer:resent';

/** How often scans have sent a message again; `undefined` if none has. */
export function resentOf(event: Json): number | undefined {
  const times = at(event, RESENT);
  return typeof times === 'number' && Number.isSafeInteger(times) && times > 0 ? times : undefined;
}

/** Records that passed through other tools can lack the time zone; CloudTrail only writes UTC. */
const inUtc = (time: string): string => (/(Z|[+-]\d\d:?\d\d)$/i.test(time) ? time : `${time}Z`);

/** The envelope of an event, or what is wrong with it. */
export function readEnvelope(event: Json): Envelope | string {
  const account = text(event, 'account') ?? '';
  if (!ACCOUNT.test(account)) return 'account is not twelve digits';
  const region = text(event, 'region') ?? '';
  if (!REGION.test(region)) return 'region is not a region name';
  // A CloudTrail record can arrive late; the call was made at its `eventTime`.
  const occurredAt = [text(event, 'detail', 'eventTime'), text(event, 'time')]
    .map((time) => new Date(time === undefined ? NaN : inUtc(time)))
    .find((time) => !Number.isNaN(time.getTime()));
  if (occurredAt === undefined) return 'time is not a date';
  return { account, region, eventId: eventIdOf(event), occurredAt };
}
