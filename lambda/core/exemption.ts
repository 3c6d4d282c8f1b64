import { TAG } from '../contract.ts';

/** The exemption of an instance, as its tags say. Texts are untrusted input. */
export type Exemption =
  | { readonly kind: 'none' }
  | { readonly kind: 'active'; readonly until: string; readonly reason?: string }
  | { readonly kind: 'expired'; readonly until: string }
  | { readonly kind: 'malformed'; readonly value: string }
  | { readonly kind: 'exceeds-maximum'; readonly until: string };

const DAY = 86_400_000;

/**
 * Reads the exemption tag: a calendar date, at most `maxDays` after today.
 *
 * It is in effect until the end of that day in UTC. A tag that cannot be read neither exempts the instance nor counts
 * as absent.
 */
export function readExemption(tags: ReadonlyMap<string, string>, now: Date, maxDays: number): Exemption {
  const value = tags.get(TAG.exemptUntil);
  if (value === undefined) return { kind: 'none' };
  const until = value.trim();
  const day = startOfDay(until);
  if (day === undefined) return { kind: 'malformed', value };
  if (now.getTime() >= day + DAY) return { kind: 'expired', until };
  if (day > now.getTime() + maxDays * DAY) return { kind: 'exceeds-maximum', until };
  return { kind: 'active', until, reason: tags.get(TAG.exemptReason) };
}

/** The calendar day `days` from now in UTC, in the form of the exemption tag. */
export function dayFromNow(now: Date, days: number): string {
  return new Date(now.getTime() + days * DAY).toISOString().slice(0, 10);
}

/** The last day of a period such as `14d` or `2026-12-31`; `undefined` for anything else. */
export function readPeriod(text: string, now: Date): string | undefined {
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
  if (days !== undefined) return dayFromNow(now, Number(days));
  return startOfDay(text) === undefined ? undefined : text;
}

/** Whole days from today to the last day of an exemption: 0 on that day, negative after it. */
export function daysLeft(until: string, now: Date): number {
  return (startOfDay(until) ?? NaN) / DAY - Math.floor(now.getTime() / DAY);
}

/** Whether a text is a calendar day in the form of the exemption tag. */
export const isCalendarDay = (text: string): boolean => startOfDay(text) !== undefined;

function startOfDay(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const day = new Date(`${text}T00:00:00Z`);
  // `Date` rolls the 31st of February over into March.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text) ? day.getTime() : undefined;
}
