import type { VerdictName } from '../../lambda/core/verdict.ts';
import type { Exemption } from '../../lambda/core/exemption.ts';
import type { LaunchSourceKind } from './launch-source-group.ts';
import { type ComplianceSummary, shareOf } from '../../lambda/core/compliance-summary.ts';

/** What people read instead of a verdict's name. */
export const VERDICT_LABELS: Readonly<Record<VerdictName, string>> = {
  'non-compliant': 'IMDSv1 enabled',
  unreadable: 'unreadable',
  pending: 'pending',
  exempt: 'exempt',
  'imds-off': 'IMDS off',
  'aws-managed': 'AWS-managed',
  compliant: 'compliant',
};

/** What people read instead of a kind of launchSource. */
export const LAUNCH_SOURCES_LABELS: Readonly<Record<LaunchSourceKind, string>> = {
  'beanstalk-environment': 'Beanstalk environment',
  'eks-nodegroup': 'EKS node group',
  'auto-scaling-group': 'Auto Scaling group',
  'launch-template': 'Launch template',
  'cloudformation-stack': 'CloudFormation stack',
  none: 'No known launchSource',
};

/** A kind of launchSource with its name. */
export const launchSourceLabel = ({
  kind,
  name,
}: {
  readonly kind: LaunchSourceKind;
  readonly name: string;
}): string => (name === '' ? LAUNCH_SOURCES_LABELS[kind] : `${LAUNCH_SOURCES_LABELS[kind]} ${name}`);

/** A number as people write it. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** A number of instances in words. */
export const instancesOf = (value: number): string => `${count(value)} ${value === 1 ? 'instance' : 'instances'}`;

/** Never rounded up: 100 % means all of them. */
export function percent(compliance: ComplianceSummary): string {
  const share = shareOf(compliance);
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
    case 'exceeds-maximum':
      return `exemption reaches too far: ${exemption.until}`;
  }
}
