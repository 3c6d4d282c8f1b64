import { groupBy } from './group-by.ts';
import type { OutcomeDetail, RepeatedDrift, RepeatingPrincipal } from './outcome-detail.ts';
import { clean } from './text.ts';

/** A successful `ModifyInstanceMetadataOptions` in CloudTrail's event history. */
export interface RecordedChange {
  /** Id of the CloudTrail event. */
  readonly id: string;
  readonly instanceId: string;
  readonly at: Date;
  /** As requested; absent if the call did not set it. */
  readonly httpTokens?: string;
  readonly principal: string;
}

/** Calls of a day from which on drift is repeated. */
const REPEATED = 3;

const SESSIONS = 10;

/** A day, in milliseconds: the time in which calls are counted. */
export const DRIFT_DAY_MS = 86_400_000;

/** Whether an outcome says that IMDSv1 was re-enabled three times in a day. */
export const isRepeatedDrift = ({ repeatedDrift }: OutcomeDetail): boolean => (repeatedDrift?.count ?? 0) >= REPEATED;

/** Whether an outcome announces repeated drift: once a day, later alerts repeat what history says. */
export const announcesRepeatedDrift = (detail: OutcomeDetail): boolean =>
  detail.severity === 'CRITICAL' && isRepeatedDrift(detail);

/**
 * Whether an outcome is drift whose repetitions count. An exemption covers drift by the will of its owner, and of a test
 * nothing happened.
 */
export const countsAsDrift = ({ drift, status, test }: OutcomeDetail): boolean =>
  drift && status !== 'exempt' && test !== true;

/**
 * How often IMDSv1 was re-enabled on one instance.
 *
 * A call that repeats `HttpTokens=optional` while IMDSv1 is enabled re-enables nothing, so only the first after another value
 * counts. History is late by minutes: the calls of the outcomes count whether it has them or not.
 *
 * @param details outcomes of the instance.
 * @param changes of the day in its region, newest first.
 * @param notVisible why changes are missing.
 * @returns `undefined` if drift is not repeated and nothing is missing.
 */
export function repeatedDriftOf(
  details: readonly OutcomeDetail[],
  changes: readonly RecordedChange[],
  notVisible?: string,
): RepeatedDrift | undefined {
  const atHand = details.flatMap(toChange);
  const atHandIds = new Set(atHand.map(({ id }) => id));
  const instanceId = details[0]?.instanceId;
  const own = changes
    .filter((change) => change.instanceId === instanceId && change.httpTokens !== undefined)
    // Records have whole seconds: those of one second stay in the order of the history.
    .reverse()
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  const recorded = own.filter(
    ({ id, httpTokens }, index) =>
      atHandIds.has(id) || (httpTokens === 'optional' && own[index - 1]?.httpTokens !== 'optional'),
  );
  const calls = [...new Map([...atHand, ...recorded].map((call) => [call.id, call])).values()];
  if (calls.length < REPEATED && notVisible === undefined) return undefined;
  const byPrincipal = groupBy(calls, ({ principal }) => roleOf(principal));
  const principals = [...byPrincipal].map(([principal, group]) => toPrincipal(principal, group));
  return { count: calls.length, principals: principals.sort((a, b) => b.count - a.count), notVisible };
}

/** The call of an outcome; none if its event does not name a caller. */
function toChange({ instanceId, occurredAt, caller }: OutcomeDetail): readonly RecordedChange[] {
  if (caller?.cloudTrailEventId === undefined) return [];
  return [{ id: caller.cloudTrailEventId, instanceId, at: new Date(occurredAt), principal: caller.principal }];
}

function toPrincipal(principal: string, calls: readonly RecordedChange[]): RepeatingPrincipal {
  const times = calls.map(({ at }) => at.toISOString()).sort();
  const sessions = calls.map((call) => call.principal.slice(principal.length + 1)).filter((session) => session !== '');
  return {
    principal: clean(principal),
    sessions: [...new Set(sessions)].slice(0, SESSIONS).map((session) => clean(session)),
    count: calls.length,
    firstSeen: times[0] ?? '',
    lastSeen: times.at(-1) ?? '',
  };
}

/** The principal without the name of its session, of which a pipeline has a new one for each run. */
const roleOf = (principal: string): string => /^.*:assumed-role\/[^/]+/.exec(principal)?.[0] ?? principal;
