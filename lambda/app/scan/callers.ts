import type { InstanceCallers } from '../../core/callers/callers.ts';
import type { Snapshot } from '../../core/instance.ts';
import { CallLookups } from '../look-up-calls.ts';
import { CallerReader } from '../read-callers.ts';
import type { ScanPorts } from './rules.ts';

/** Pages of an instance: its newest 150 calls. */
const PAGES = 3;

/** Milliseconds for all instances of a region, at one lookup per second: 20 instances with all of their pages. */
const PATIENCE = 70_000;

/** Looks up which software on instances uses IMDSv1; `undefined` if there are none. Failures are in the result. */
export async function lookUpCallers(
  region: string,
  snapshots: readonly Snapshot[],
  { history, network, time }: ScanPorts,
): Promise<readonly InstanceCallers[] | undefined> {
  if (snapshots.length === 0) return undefined;
  const deadline = new Date(Math.min(time.deadline.getTime(), time.now().getTime() + PATIENCE));
  const reader = new CallerReader(new CallLookups(history, Infinity), network);
  const instances: InstanceCallers[] = [];
  for (const snapshot of snapshots) {
    const subject = { region, instanceId: snapshot.instanceId, snapshot };
    instances.push(await reader.of(subject, { ...time, deadline }, PAGES));
  }
  return instances;
}
