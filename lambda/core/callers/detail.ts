import { groupBy } from '../group-by.ts';
import type { Caller, InstanceCallers } from './callers.ts';
import { type Diagnosis, softwareLabel } from './diagnosis.ts';

/** Software that called AWS with credentials of IMDSv1, in alerts and digests. Untrusted input is sanitized. */
export interface CallerDetail {
  /** Name and version, with the SDK in it. */
  readonly software: string;
  readonly diagnosis: Diagnosis['kind'];
  /** What to do about it: a sentence without a full stop. */
  readonly advice: string;
  readonly calls: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** The instances on which it runs. */
  readonly instanceIds: readonly string[];
}

/** The callers of some instances: the same software with the same diagnosis is one; most calls first. */
export function toCallerDetails(
  instances: readonly Pick<InstanceCallers, 'instanceId' | 'callers'>[],
): readonly CallerDetail[] {
  const all = instances.flatMap(({ instanceId, callers }) => callers.map((caller) => ({ instanceId, caller })));
  const bySoftware = groupBy(all, ({ caller }) => JSON.stringify([softwareLabel(caller), caller.diagnosis.text]));
  return [...bySoftware.values()].flatMap(toDetail).toSorted((a, b) => b.calls - a.calls);
}

function toDetail(group: readonly { readonly instanceId: string; readonly caller: Caller }[]): readonly CallerDetail[] {
  const [first] = group;
  if (first === undefined) return [];
  const times = (pick: (caller: Caller) => Date) => group.map(({ caller }) => pick(caller).toISOString()).toSorted();
  const detail: CallerDetail = {
    software: softwareLabel(first.caller),
    diagnosis: first.caller.diagnosis.kind,
    advice: first.caller.diagnosis.text,
    calls: group.reduce((sum, { caller }) => sum + caller.calls, 0),
    firstSeen: times(({ firstSeen }) => firstSeen)[0] ?? '',
    lastSeen: times(({ lastSeen }) => lastSeen).at(-1) ?? '',
    instanceIds: [...new Set(group.map(({ instanceId }) => instanceId))],
  };
  return [detail];
}
