import type { Policy, RowName } from '../../lambda/core/decide.ts';
import { readExemption } from '../../lambda/core/exemption.ts';
import { isFirstLaunch, type MetadataOptions, type Snapshot } from '../../lambda/core/instance.ts';
import { clean } from '../../lambda/core/text.ts';
import { exemptionNote } from '../audit/labels.ts';
import { cleanTexts } from '../audit/row.ts';
import type { Facts } from './explanation.ts';

/** What each row of the decision table looks at on an instance. */
export const HERE: Readonly<Record<RowName, (facts: Facts) => string>> = {
  gone: ({ snapshot: { state } }) => (state === '' ? 'EC2 does not state its state' : `it is ${clean(state)}`),
  'aws-managed': ({ snapshot }) => (snapshot.awsManaged ? 'an AWS service operates it' : 'no AWS service operates it'),
  unreadable: ({ snapshot: { options } }) => `${option(options, 'HttpTokens')}, ${option(options, 'HttpEndpoint')}`,
  'imds-off': ({ snapshot: { options } }) => option(options, 'HttpEndpoint'),
  'tokens-required': ({ snapshot: { options } }) => option(options, 'HttpTokens'),
  exemption: (facts) => exemptionLine(facts),
  existing: ({ snapshot, policy }) => `${age(snapshot)}; existing instances: ${policy.existing}`,
  otherwise: () => 'IMDSv1 is reachable, and nothing above speaks for leaving it so',
};

/** An option as EC2 states it. */
export function option(options: MetadataOptions, name: keyof MetadataOptions): string {
  return `${name} ${clean(String(options[name] ?? 'not stated'))}`;
}

/** What the exemption tag says today. */
export function exemptionLine({ snapshot, policy, at }: { snapshot: Snapshot; policy: Policy; at: Date }): string {
  return exemptionNote(cleanTexts(readExemption(snapshot.tags, at, policy.maxExemptionDays))) || 'no exemption tag';
}

/** A time as people read it. */
export const iso = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');

function age(snapshot: Snapshot): string {
  const { firstLaunch, launchTime } = snapshot;
  if (firstLaunch === undefined || launchTime === undefined) return 'EC2 does not say since when it exists';
  return isFirstLaunch(snapshot)
    ? `launched ${iso(firstLaunch)} and not started again since`
    : `first launched ${iso(firstLaunch)}, started again ${iso(launchTime)}`;
}
