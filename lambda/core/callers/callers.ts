import { groupBy } from '../group-by.ts';
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

/** Whether IMDSv1 delivered the credentials of a call. */
export const usedImdsv1 = ({ delivery }: RecordedCall): boolean => delivery === '1.0';

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
