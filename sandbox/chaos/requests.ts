import type { RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { dayAfter } from '../calendar.ts';
import type { Kind, Launch } from './plan.ts';

/** The exemption tag, independent of the constant of the product, so that a change of it fails the run. */
export const EXEMPT_UNTIL = 'imdsv2:exempt-until';

const NOT_A_DATE = 'until further notice';

/** The exemption tag of a kind of launch. */
function exemptionOf(kind: Kind, now: number): string | undefined {
  if (kind === 'exempt') return dayAfter(now, 30);
  if (kind === 'expired') return dayAfter(now, -3);
  return kind === 'malformed' ? NOT_A_DATE : undefined;
}

/** Evaluates an exemption tag independently of the product. */
export function readExemption(value: string | undefined, now: number): 'none' | 'exempt' | 'needs-review' {
  if (value === undefined) return 'none';
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return 'needs-review';
  return value >= dayAfter(now, 0) ? 'exempt' : 'none';
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
