import type { FailureError } from '../failure.ts';
import { groupBy } from '../group-by.ts';
import type { Snapshot } from '../instance.ts';
import { isContainerHost } from '../launch-source.ts';
import { clean } from '../text.ts';
import { type Network, type SourceAddress, sourceOf } from './addresses.ts';
import type { RecordedCall } from './calls.ts';
import { diagnose, type Diagnosis, type Host } from './diagnosis.ts';
import { type Software, softwareOf } from './software.ts';

/** Software on an instance that called AWS with credentials of IMDSv1. Texts are sanitized. */
export interface Caller {
  readonly software: Software;
  /** That of its last call. */
  readonly userAgent: string;
  readonly diagnosis: Diagnosis;
  readonly calls: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  /** Most calls first. */
  readonly services: readonly { readonly service: string; readonly calls: number }[];
  /** Most calls first. */
  readonly sources: readonly (SourceAddress & { readonly calls: number; readonly lastSeen: Date })[];
}

/** An instance whose callers are looked up. */
export interface Subject {
  readonly region: string;
  readonly instanceId: string;
  /** Absent if EC2 does not return the instance, which may be terminated. */
  readonly snapshot?: Snapshot;
}

/** The calls of a subject in event history. */
export interface CallHistory<C = RecordedCall> {
  /** Newest first. */
  readonly calls: readonly C[];
  /** Why older calls were not read, if there are any. */
  readonly missing?: 'most-pages' | 'budget' | 'deadline' | FailureError;
}

/** The software on an instance that called AWS with credentials of IMDSv1. */
export interface InstanceCallers extends Subject {
  readonly callers: readonly Caller[];
  /** Number of calls that were read, and of those with credentials of IMDSv1. */
  readonly calls: number;
  readonly imdsv1Calls: number;
  /** Why older calls, or all, are missing. */
  readonly missing?: CallHistory['missing'];
  /** Why NAT gateways could not be read: no source address is then called unexplained. */
  readonly natFailure?: FailureError;
}

/** Whether IMDSv1 delivered the credentials of a call. */
export const usedImdsv1 = ({ delivery }: RecordedCall): boolean => delivery === '1.0';

/** An instance as the host of software. */
export const hostOf = ({ region, instanceId, snapshot }: Subject): Host => ({
  region,
  instanceId,
  reach: snapshot && {
    hopLimit: snapshot.options.HttpPutResponseHopLimit,
    containerHost: isContainerHost(snapshot.tags),
  },
});

/** The software that made calls of an instance with credentials of IMDSv1, most calls first. */
export function callersOf(calls: readonly RecordedCall[], host: Host, network: Network): readonly Caller[] {
  const software = new Map(calls.filter(usedImdsv1).map((call) => [call, softwareOf(call.userAgent)]));
  const groups = groupBy(software, ([, { name, version, sdk, inContainer }]) =>
    JSON.stringify([name, version, sdk, inContainer]),
  );
  return [...groups.values()]
    .flatMap((group) => toCaller(group, host, network) ?? [])
    .toSorted((a, b) => b.calls - a.calls);
}

function toCaller(group: readonly (readonly [RecordedCall, Software])[], host: Host, network: Network) {
  const calls = group.map(([call]) => call).toSorted((a, b) => a.at.getTime() - b.at.getTime());
  const [first, last, software] = [calls[0], calls.at(-1), group[0]?.[1]];
  if (first === undefined || last === undefined || software === undefined) return undefined;
  const services = groupBy(calls, ({ service }) => clean(service, MAX_SERVICE));
  const sources = groupBy(
    calls.map((call) => ({ ...sourceOf(call, network), at: call.at })),
    ({ address, kind, id }) => JSON.stringify([address, kind, id]),
  );
  const caller: Caller = {
    software,
    userAgent: clean(last.userAgent, MAX_USER_AGENT),
    diagnosis: diagnose(software, host),
    calls: calls.length,
    firstSeen: first.at,
    lastSeen: last.at,
    services: [...services].map(([service, { length }]) => ({ service, calls: length })).toSorted(mostCalls),
    sources: [...sources.values()].flatMap(toSource).toSorted(mostCalls),
  };
  return caller;
}

const MAX_SERVICE = 60;
const MAX_USER_AGENT = 256;

function toSource(group: readonly (SourceAddress & { readonly at: Date })[]): Caller['sources'] {
  const last = group.at(-1);
  if (last === undefined) return [];
  const { at: lastSeen, ...source } = last;
  return [{ ...source, calls: group.length, lastSeen }];
}

const mostCalls = (a: { readonly calls: number }, b: { readonly calls: number }): number => b.calls - a.calls;
