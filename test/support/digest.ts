import { Inventory, type Digest } from '../../lambda/core/digest.ts';
import type { DigestDetail } from '../../lambda/core/digest-detail.ts';
import { renderDigest, toDigestDetail } from '../../lambda/core/digest-message.ts';
import { NO_LAUNCHES } from '../../lambda/core/prevention/inventory.ts';
import { readinessOf } from '../../lambda/core/prevention/readiness.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { ACCOUNT, context, instanceId, NOW, policy, REGION, snapshot, type SnapshotChange } from './builders.ts';

const OPTIONS = { maxExemptionDays: 90 };
export const until = (day: string, reason?: string) => ({
  'imdsv2:exempt-until': day,
  ...(reason !== undefined && { 'imdsv2:exempt-reason': reason }),
});
export const UNUSED: Usage = { kind: 'unused', hours: 335.9 };
export const USED: Usage = { kind: 'in-use', count: 42, callsPerDay: 2.1, lastSeen: new Date('2026-11-20T14:00:00Z') };

export type Given = SnapshotChange & { readonly usage?: Usage };

export function digest(
  given: readonly Given[],
  over: Partial<Digest> = {},
  existing: 'audit' | 'enforce-when-unused' = 'audit',
) {
  const inventory = new Inventory(context({ trigger: 'scan' }), policy({ existing }));
  given.forEach(({ usage, ...change }, index) =>
    inventory.add(snapshot({ instanceId: instanceId(index), ...change }), NOW, usage),
  );
  return {
    account: ACCOUNT,
    region: REGION,
    startedAt: new Date('2026-11-22T00:00:00Z'),
    inventory,
    changes: true,
    remediated: 0,
    readiness: readinessOf({ ...NO_LAUNCHES, defaults: { HttpTokens: 'required' } }),
    problems: [],
    ...over,
  } satisfies Digest;
}

export const messageOf = (of: Digest) => renderDigest(toDigestDetail(of), OPTIONS);
export const jsonOf = (of: Digest) => messageOf(of).json as DigestDetail;
export const emailOf = (of: Digest): string => messageOf(of).email;
/** The lines of one list of the email. */
export const listOf = (of: Digest, title: string): string[] | undefined =>
  emailOf(of)
    .split('\n\n')
    .find((part) => part.startsWith(title))
    ?.split('\n')
    .slice(1);
export const many = (count: number, given: Given): Given[] => Array.from({ length: count }, () => given);
