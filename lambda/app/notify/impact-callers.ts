import pMap from 'p-map';
import { callersOf } from '../../core/callers/callers.ts';
import { toCallerDetails } from '../../core/callers/detail.ts';
import type { ImpactedInstanceDetail } from '../../core/workload-impact.ts';
import { callsNotRead } from '../../core/words/callers.ts';
import { CallLookups } from '../look-up-calls.ts';
import type { Time } from '../ports/index.ts';
import type { Received } from './deliver.ts';
import type { NotifyPorts } from './rules.ts';

/** Pages of an instance: its newest 50 calls. */
const PAGES = 1;

/** The longest wait for CloudTrail, in milliseconds, at one lookup per second. */
const LONGEST_MS = 15_000;

/** Software in an alert, so that it fits into a message. */
const MOST_CALLERS = 5;

/** Events at the same time. Those of one region share its lookups. */
const CONCURRENCY = 5;

/**
 * Adds to alerts on workload impact which software called AWS with credentials of IMDSv1, by CloudTrail's event history.
 *
 * Without it, alerts are as before and say so.
 */
export async function withCallers<T>(
  received: readonly Received<T>[],
  { history, time }: NotifyPorts,
): Promise<Received<T>[]> {
  const lookups = new CallLookups(history, Infinity);
  const short = { ...time, deadline: new Date(Math.min(time.deadline.getTime(), time.now().getTime() + LONGEST_MS)) };
  return pMap(
    received,
    async (one) => {
      const { detail } = one;
      if (detail.schema !== 'imdsv2-enforcer.workload-impact/v1') return one;
      const instances: ImpactedInstanceDetail[] = [];
      for (const instance of detail.instances)
        instances.push({ ...instance, ...(await callersOn(instance, detail.region, lookups, short)) });
      return { ...one, detail: { ...detail, instances } };
    },
    { concurrency: CONCURRENCY },
  );
}

async function callersOn(
  { instanceId, rejectedCalls, hopLimit, containerHost = false }: ImpactedInstanceDetail,
  region: string,
  lookups: CallLookups,
  time: Time,
): Promise<Pick<ImpactedInstanceDetail, 'callers' | 'callersNotVisible'>> {
  // No call was rejected: EC2 has not applied the change yet, which no software explains.
  if (rejectedCalls === 0) return {};
  const { calls, missing } = await lookups.of(region, instanceId, time, PAGES);
  const host = { region, instanceId, reach: { hopLimit, containerHost } };
  // Source addresses are not in the alert, so that nothing else is read for them.
  const callers = callersOf(calls, host, {});
  return {
    callers: toCallerDetails([{ instanceId, callers }]).slice(0, MOST_CALLERS),
    callersNotVisible: callsNotRead(missing),
  };
}
