import type { InstanceCallers } from './callers/callers.ts';
import { type CallerDetail, toCallerDetails } from './callers/detail.ts';
import { clean } from './text.ts';
import { callsNotRead } from './words/callers.ts';

/** The software on the busiest instances with IMDSv1 in use. Untrusted input is sanitized. */
export interface DigestCallers {
  /** Number of instances that were looked up. */
  readonly instances: number;
  /** Most calls first. */
  readonly software: readonly CallerDetail[];
  /** Number of software that is not in the list. */
  readonly more: number;
  /** Instances in use without calls with credentials of IMDSv1. */
  readonly withoutCallers: readonly string[];
  /** Source addresses that nothing explains. They are no proof of theft. */
  readonly unexplained: readonly UnexplainedAddress[];
  /** What could not be read, in sentences without full stop. */
  readonly notVisible: readonly string[];
}

/** A source address of calls that is neither of the instance, nor of a NAT gateway or VPC endpoint. */
export interface UnexplainedAddress {
  readonly instanceId: string;
  readonly address: string;
  readonly calls: number;
  readonly lastSeen: string;
}

/** The data of callers. @param most number of items in each list. */
export function toDigestCallers(instances: readonly InstanceCallers[], most: number): DigestCallers {
  const software = toCallerDetails(instances);
  const complete = instances.filter(({ calls, missing }) => calls > 0 || missing === undefined);
  return {
    instances: instances.length,
    software: software.slice(0, most),
    more: Math.max(0, software.length - most),
    withoutCallers: complete.flatMap(({ instanceId, imdsv1Calls }) => (imdsv1Calls === 0 ? [instanceId] : [])),
    unexplained: instances.flatMap(unexplainedOf).slice(0, most),
    notVisible: [...new Set(instances.flatMap(notVisibleOf))],
  };
}

const unexplainedOf = ({ instanceId, callers }: InstanceCallers): readonly UnexplainedAddress[] =>
  callers.flatMap(({ sources }) =>
    sources.flatMap(({ kind, address, calls, lastSeen }) =>
      kind === 'unexplained' ? [{ instanceId, address, calls, lastSeen: lastSeen.toISOString() }] : [],
    ),
  );

function notVisibleOf({ missing, natFailure }: InstanceCallers): readonly string[] {
  const nat =
    natFailure && `NAT gateways could not be read, so no source address is called unexplained: ${natFailure.message}`;
  return [callsNotRead(missing), nat].flatMap((note) => (note === undefined ? [] : [clean(note)]));
}
