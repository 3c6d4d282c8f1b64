import { clean } from '../text.ts';
import type { RecordedCall } from './calls.ts';

/** The addresses from which calls of an instance can come. */
export interface Network {
  /** Absent if the instance could not be read. */
  readonly instance?: {
    readonly addresses: readonly string[];
    /** Its last start: before it, a public address that is not elastic was another one. */
    readonly startedAt?: Date;
  };
  /** The NAT gateways of the Region, by public address; absent if they could not be read. */
  readonly natGateways?: ReadonlyMap<string, string>;
}

/** What a source address belongs to. */
export type AddressKind =
  | 'instance'
  | 'nat-gateway'
  | 'vpc-endpoint'
  /** A private address without the id of an endpoint. */
  | 'private'
  /** CloudTrail records the name of a service instead of an address. */
  | 'aws-service'
  /** None of the others, as far as they could be read. */
  | 'unexplained'
  | 'unknown';

/** A source address; texts are sanitized. */
export interface SourceAddress {
  readonly address: string;
  readonly kind: AddressKind;
  /** The id of the NAT gateway or VPC endpoint. */
  readonly id?: string;
}

/** What the source address of a call belongs to. */
export function sourceOf({ sourceAddress, vpcEndpointId, at }: RecordedCall, network: Network): SourceAddress {
  const { instance, natGateways } = network;
  const address = clean(sourceAddress, MAX_ADDRESS);
  if (vpcEndpointId !== undefined) return { address, kind: 'vpc-endpoint', id: clean(vpcEndpointId, MAX_ADDRESS) };
  if (address === '') return { address, kind: 'unknown' };
  if (!/^[\d.]+$|^[\da-f:.]*:[\da-f:.]*$/i.test(address)) return { address, kind: 'aws-service' };
  if (instance?.addresses.some((own) => own.toLowerCase() === address.toLowerCase()))
    return { address, kind: 'instance' };
  const id = natGateways?.get(address);
  if (id !== undefined) return { address, kind: 'nat-gateway', id };
  if (PRIVATE.test(address)) return { address, kind: 'private' };
  const isReadable = instance !== undefined && natGateways !== undefined;
  const isEarlier = instance?.startedAt === undefined || at < instance.startedAt;
  return { address, kind: isReadable && !isEarlier ? 'unexplained' : 'unknown' };
}

const MAX_ADDRESS = 64;

/** RFC 1918, RFC 6598, link-local and IPv6 unique local addresses. */
const PRIVATE =
  /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|f[cd])/i;
