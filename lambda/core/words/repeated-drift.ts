import type { RepeatedDrift, RepeatingPrincipal } from '../outcome-detail.ts';
import { listed, listedSafely } from '../alert/lines.ts';
import { defang } from '../text.ts';
import { iso, plural } from './format.ts';

/** Most principals that a text names; the JSON form names all. */
const PRINCIPALS = 20;

/** How often IMDSv1 was re-enabled on an instance within a day, and by whom. */
export function describeRepeatedDrift({ count, principals, notVisible }: RepeatedDrift): string {
  const names = listed(principals.map(describePrincipal), PRINCIPALS);
  const known = `IMDSv1 was re-enabled ${plural(count, 'time')} in the last day${names === undefined ? '' : `: ${names}`}`;
  return notVisible === undefined ? known : `${known}. Other calls of the day are not visible from here: ${notVisible}`;
}

function describePrincipal({ principal, sessions, count, firstSeen, lastSeen }: RepeatingPrincipal): string {
  const times = count === 1 ? `at ${seconds(firstSeen)}` : `from ${seconds(firstSeen)} to ${seconds(lastSeen)}`;
  const inSessions = sessions.length === 0 ? '' : `, sessions ${listedSafely(sessions) ?? ''}`;
  return `${defang(principal)} (${plural(count, 'time')}, ${times}${inSessions})`;
}

const seconds = (time: string): string => iso(new Date(time));
