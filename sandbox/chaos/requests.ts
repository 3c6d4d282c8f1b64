import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import type { Kind, Launch } from './plan.ts';

const DAY = 86_400_000;

/** The exemption tag that our judge reads; spelled out here, because it is what people write. */
export const EXEMPT_UNTIL = 'imdsv2:exempt-until';

const NOT_A_DATE = 'until further notice';

const dayFrom = (now: number, days: number): string => new Date(now + days * DAY).toISOString().slice(0, 10);

/** The exemption that a kind of launch carries. */
function exemptionOf(kind: Kind, now: number): string | undefined {
  if (kind === 'exempt') return dayFrom(now, 30);
  if (kind === 'expired') return dayFrom(now, -3);
  return kind === 'malformed' ? NOT_A_DATE : undefined;
}

/** What the exemption of an instance means, judged apart from the product. */
export function readTag(value: string | undefined, now: number): 'none' | 'exempt' | 'needs-review' {
  if (value === undefined) return 'none';
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return 'needs-review';
  return value >= dayFrom(now, 0) ? 'exempt' : 'none';
}

/** The RunInstances call of a planned launch. */
export function requestOf({ token, kind, count }: Launch, now: number): RunInstancesCommandInput {
  const exemption = exemptionOf(kind, now);
  const Tags = [
    { Key: 'Name', Value: `${kind} ${token}` },
    ...(exemption === undefined ? [] : [{ Key: EXEMPT_UNTIL, Value: exemption }]),
  ];
  return {
    ImageId: 'ami-0aa11bb22cc33dd44',
    MinCount: count,
    MaxCount: count,
    ClientToken: token,
    TagSpecifications: [{ ResourceType: 'instance', Tags }],
    ...(kind === 'compliant' ? { MetadataOptions: { HttpTokens: 'required' } } : {}),
    ...(kind === 'imds-off' ? { MetadataOptions: { HttpEndpoint: 'disabled' } } : {}),
    ...(kind === 'managed' ? { Operator: { Principal: 'eks.amazonaws.com' } } : {}),
  };
}
