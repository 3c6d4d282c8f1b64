import type { Policy, RowName } from '../../lambda/core/decide.ts';
import { readExemption } from '../../lambda/core/exemption.ts';
import { isFirstLaunch, type MetadataOptions, type Snapshot } from '../../lambda/core/instance.ts';
import { clean } from '../../lambda/core/text.ts';
import { iso } from '../../lambda/core/words/format.ts';
import { exemptionNote } from '../../lambda/core/words/compliance.ts';
import { cleanTexts } from '../audit/row.ts';
import type { Facts } from './facts.ts';

/** The values of an instance that each row of the decision table tests. */
export const OBSERVED: Readonly<Record<RowName, (facts: Facts) => string>> = {
  terminated: ({ snapshot: { state } }) => (state === '' ? 'state unknown' : `state ${clean(state)}`),
  'aws-managed': ({ snapshot }) =>
    snapshot.awsManaged ? 'managed by an AWS service' : 'not managed by an AWS service',
  unreadable: ({ snapshot: { options } }) => `${option(options, 'HttpTokens')}, ${option(options, 'HttpEndpoint')}`,
  'imds-off': ({ snapshot: { options } }) => option(options, 'HttpEndpoint'),
  'tokens-required': ({ snapshot: { options } }) => option(options, 'HttpTokens'),
  exemption: (facts) => exemptionLine(facts),
  existing: ({ snapshot, policy }) => `${age(snapshot)}; existing=${policy.existing}`,
  otherwise: () => 'IMDSv1 is enabled, and no row above applies',
};

/** A metadata option with its value. */
export function option(options: MetadataOptions, name: keyof MetadataOptions): string {
  return `${name} ${clean(String(options[name] ?? 'unknown'))}`;
}

/** The exemption tag as of now. */
export function exemptionLine({ snapshot, policy, at }: { snapshot: Snapshot; policy: Policy; at: Date }): string {
  return exemptionNote(cleanTexts(readExemption(snapshot.tags, at, policy.maxExemptionDays))) || 'no exemption tag';
}

function age(snapshot: Snapshot): string {
  const { firstLaunch, launchTime } = snapshot;
  if (firstLaunch === undefined || launchTime === undefined) return 'age unknown';
  return isFirstLaunch(snapshot, launchTime)
    ? `launched ${iso(firstLaunch)}, not restarted since`
    : `first launched ${iso(firstLaunch)}, last started ${iso(launchTime)}`;
}
