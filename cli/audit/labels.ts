import type { VerdictName } from '../../lambda/core/verdict.ts';
import type { Exemption } from '../../lambda/core/exemption.ts';
import type { OriginKind } from './launch-source-group.ts';
import { type Tally, shareOf } from '../../lambda/core/compliance-summary.ts';

/** What people read instead of a verdict's name. */
export const VERDICT_LABELS: Readonly<Record<VerdictName, string>> = {
  open: 'IMDSv1 open',
  unreadable: 'unreadable',
  pending: 'pending',
  exempt: 'exempt',
  'imds-off': 'IMDS off',
  'aws-managed': 'AWS-managed',
  compliant: 'compliant',
};

/** What people read instead of a kind of origin. */
export const ORIGIN_LABELS: Readonly<Record<OriginKind, string>> = {
  'beanstalk-environment': 'Beanstalk environment',
  'eks-nodegroup': 'EKS node group',
  'auto-scaling-group': 'Auto Scaling group',
  'launch-template': 'Launch template',
  'cloudformation-stack': 'CloudFormation stack',
  none: 'No known origin',
};

/** A kind of origin with its name. */
export const originLabel = ({ kind, name }: { readonly kind: OriginKind; readonly name: string }): string =>
  name === '' ? ORIGIN_LABELS[kind] : `${ORIGIN_LABELS[kind]} ${name}`;

/** A number as people write it. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** A number of instances in words. */
export const instancesOf = (value: number): string => `${count(value)} ${value === 1 ? 'instance' : 'instances'}`;

/** Never rounded up: 100 % means all of them. */
export function percent(tally: Tally): string {
  const share = shareOf(tally);
  return share === undefined ? '–' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/** What an exemption says, in a few words; `''` for none. */
export function exemptionNote(exemption: Exemption): string {
  switch (exemption.kind) {
    case 'none':
      return '';
    case 'active':
      return `until ${exemption.until}${exemption.reason ? `: ${exemption.reason}` : ' (no reason given)'}`;
    case 'expired':
      return `exemption ended ${exemption.until}`;
    case 'malformed':
      return `exemption is not a date: ${JSON.stringify(exemption.value)}`;
    case 'beyond-horizon':
      return `exemption reaches too far: ${exemption.until}`;
  }
}
