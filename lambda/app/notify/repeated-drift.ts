import pMap from 'p-map';
import type { CallHistory } from '../../core/callers/callers.ts';
import { FailureError } from '../../core/failure.ts';
import { groupBy } from '../../core/group-by.ts';
import type { OutcomeDetail } from '../../core/outcome-detail.ts';
import {
  countsAsDrift,
  DRIFT_DAY_MS,
  isRepeatedDrift,
  type RecordedChange,
  repeatedDriftOf,
} from '../../core/repeated-drift.ts';
import { CallLookups } from '../look-up-calls.ts';
import type { Received } from './deliver.ts';
import type { NotifyPorts } from './rules.ts';

/** Pages of one region: 500 changes. */
const MOST_PAGES = 10;

/** Regions at the same time: each has its own quota. */
const CONCURRENCY = 5;

/** The longest wait for CloudTrail, in milliseconds: an urgent alert is promised within a minute. */
const LONGEST_MS = 15_000;

/**
 * Makes the outcomes of an instance CRITICAL if IMDSv1 was re-enabled on it three times in a day, by CloudTrail's event
 * history.
 *
 * Once a day for each instance; its later alerts name the principals, too. The history of a region is read anew each
 * time, once for all of its instances. Without it, alerts are as before and say so.
 */
export async function withRepeatedDrift<T>(
  received: readonly Received<T>[],
  ports: NotifyPorts,
): Promise<Received<T>[]> {
  const { recent, changes, time } = ports;
  const now = time.now();
  const drifts = received.flatMap(({ detail }) => {
    const isLookedUp = detail.schema === 'imdsv2-enforcer.outcome/v1' && countsAsDrift(detail);
    return isLookedUp ? [detail] : [];
  });
  // Once a day; after it, alerts of the instance have the principals that history had not received.
  const announced = (detail: OutcomeDetail): OutcomeDetail =>
    isRepeatedDrift(detail) && !recent.hasRepeatedDrift(detail, now) ? { ...detail, severity: 'CRITICAL' } : detail;
  const lookups = new CallLookups(changes, Infinity);
  const short = { ...time, deadline: new Date(Math.min(time.deadline.getTime(), now.getTime() + LONGEST_MS)) };
  const since = new Date(now.getTime() - DRIFT_DAY_MS).toISOString();
  const found = new Map<OutcomeDetail, OutcomeDetail>();
  await pMap(
    groupBy(drifts, ({ region }) => region),
    async ([region, inRegion]) => {
      const history = await lookups.of(region, since, short, MOST_PAGES);
      for (const group of groupBy(inRegion, ({ instanceId }) => instanceId).values()) {
        const repeatedDrift = repeatedDriftOf(group, history.calls, reasonOf(history));
        for (const detail of group) if (repeatedDrift) found.set(detail, announced({ ...detail, repeatedDrift }));
      }
    },
    { concurrency: CONCURRENCY },
  );
  return received.map((one) => ({ ...one, detail: found.get(one.detail as OutcomeDetail) ?? one.detail }));
}

/** Why calls of the day are missing. */
function reasonOf({ missing }: CallHistory<RecordedChange>): string | undefined {
  if (missing === undefined) return undefined;
  if (missing === 'most-pages') return 'only the latest 500 changes in the Region were read';
  if (!(missing instanceof FailureError)) return 'CloudTrail was too slow';
  return missing.kind === 'denied'
    ? 'missing permission cloudtrail:LookupEvents'
    : `CloudTrail did not answer (${missing.kind})`;
}
