import type { SourceAddress } from '../../lambda/core/callers/addresses.ts';
import type { Caller } from '../../lambda/core/callers/callers.ts';
import { minute, plural } from '../../lambda/core/words/format.ts';

/** What event history does not show, in sentences. */
export const LIMITS: readonly string[] = [
  'Event history has calls to AWS only, and of these the management events of 90 days in the Region of the instance; of each instance, the newest 20 pages of 50 calls are read.',
  'Software that reads other metadata than credentials makes no such call: if IMDSv1 is in use on an instance without callers, look for programs and scripts that call 169.254.169.254.',
];

/** What an unexplained source address means, in sentences. */
export const UNEXPLAINED: readonly string[] = [
  'An unexplained address is neither of the instance, nor of a NAT gateway of this account in the Region, and the call did not go through a VPC endpoint.',
  'That is no proof of theft: a NAT gateway or firewall of another account, a NAT instance, a proxy, or an address that the instance had before explain it as well.',
  'GuardDuty reports credentials that are used outside of the instance: look for findings UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.',
];

/** Calls with the time span in which they were made. */
export const callsNote = ({ calls, firstSeen, lastSeen }: Pick<Caller, 'calls' | 'firstSeen' | 'lastSeen'>): string =>
  `${plural(calls, 'call')}, first ${minute(firstSeen)}, last ${minute(lastSeen)}`;

/** What a source address belongs to. */
export function sourceNote({ address, kind, id }: SourceAddress): string {
  const owner = SOURCES[kind];
  return `${address} (${id === undefined ? owner : `${owner} ${id}`})`;
}

const SOURCES: Readonly<Record<SourceAddress['kind'], string>> = {
  instance: 'the instance',
  'nat-gateway': 'NAT gateway',
  'vpc-endpoint': 'VPC endpoint',
  private: 'private address',
  'aws-service': 'AWS',
  unexplained: 'unexplained',
  unknown: 'not known from here',
};
