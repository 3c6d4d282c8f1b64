import { type Advice, argument } from '../advice.ts';
import { launchSourceGroupOf } from '../launch-source-group.ts';
import { prevention } from '../prevention/advice.ts';
import type { Entry } from '../prevention/entries.ts';
import type { Launcher, LauncherKind, TemplateReference } from '../prevention/inventory.ts';
import type { Readiness } from '../prevention/readiness.ts';
import { formOf, followsDefault } from '../prevention/references.ts';
import { clean } from '../text.ts';
import { instancesOf, plural } from './format.ts';
import { launchSourceLabel } from './launch-source.ts';

/** Makes a name that users choose safe for the place in which it is shown. */
type Sanitize = (name: string) => string;

const LAUNCHER_LABELS: Readonly<Record<LauncherKind, string>> = {
  'auto-scaling-group': 'Auto Scaling group',
  'ec2-fleet': 'EC2 Fleet',
  'spot-fleet': 'Spot Fleet request',
  'spot-request': 'Spot Instance request',
};

/** Most launchers of an entry that a text names. */
const NAMED = 3;

/** The readiness of a region in one line. */
export function readinessLine({ state, blockers, unseen }: Readiness): string {
  const missing = unseen.length === 0 ? '' : `not looked at: ${unseen.map(({ what }) => what).join(', ')}`;
  switch (state) {
    case 'enforced':
      return blockers.length === 0 ? 'ENFORCED' : `ENFORCED, and ${plural(blockers.length, 'launch source')} refused`;
    case 'ready':
      return 'READY';
    case 'not-ready':
      return `NOT READY: ${[plural(blockers.length, 'blocker'), missing].filter(Boolean).join('; ')}`;
    case 'unknown':
      return `UNKNOWN: ${missing}`;
  }
}

/** What a launcher is called. */
export const launcherName = ({ kind, name }: Pick<Launcher, 'kind' | 'name'>, safe: Sanitize = clean): string =>
  `${LAUNCHER_LABELS[kind]} ${safe(name)}`;

/** A launcher that refers to a version of a template, and how. */
export const referrerName = (launcher: Launcher, reference: TemplateReference, safe: Sanitize = clean): string =>
  `${launcherName(launcher, safe)} (${safe(formOf(reference))})`;

/** What an entry is. */
export function entryName(entry: Entry, safe: Sanitize = clean): string {
  const { kind, template, version, name = '', launchers, launches = 0, owner } = entry;
  switch (kind) {
    case 'launch-template':
      return `Launch template ${safe(template?.name ?? '')} (${safe(template?.id ?? '')}) version ${version?.version ?? ''}`;
    case 'launch-configuration':
      return `Launch configuration ${safe(name)}`;
    case 'launch-specification':
      return 'Launch specifications (they cannot state metadata options)';
    case 'spot-request':
      return `${plural(launchers.length, 'Spot Instance request')} (they cannot state metadata options)`;
    case 'recent-launch':
      return `${instancesOf(launches)} launched in the last 24 hours: ${safe(launchSourceLabel(launchSourceGroupOf(owner.launchSource)))}`;
  }
}

/** What launches instances by an entry; `''` if nothing that was looked at does. */
export function entryLaunchers({ launchers, references }: Entry, safe: Sanitize = clean): string {
  const names = launchers.map((launcher, index) => {
    const reference = references[index];
    return reference === undefined ? launcherName(launcher, safe) : referrerName(launcher, reference, safe);
  });
  const distinct = [...new Set(names)];
  const more = distinct.length - NAMED;
  return more > 0 ? `${distinct.slice(0, NAMED).join(', ')} and ${more} more` : distinct.join(', ');
}

/** Why EC2 would refuse the launches of an entry, or why not. */
export function entryReason(
  { kind, stated, effective: { tokens, decidedBy }, imageId }: Entry,
  safe: Sanitize = clean,
): string {
  if (kind === 'recent-launch') return 'launched with HttpTokens=optional';
  if (stated !== 'inherits') return `HttpTokens=${stated}`;
  const inherits = 'states no HttpTokens';
  switch (decidedBy) {
    case 'launch':
      return inherits;
    case 'account-default':
      return tokens === 'unknown'
        ? `${inherits}; the account default could not be read`
        : `${inherits}; the account default is ${tokens}`;
    case 'ami':
      return tokens === 'required'
        ? `${inherits}; AMI ${safe(imageId ?? '')} requires IMDSv2`
        : `${inherits}; the account has no default, and ${imageId === undefined ? 'each launch names its AMI' : `AMI ${safe(imageId)} could not be read`}`;
    case 'built-in':
      return `${inherits}; the account has no default, and AMI ${safe(imageId ?? '')} has no ImdsSupport=v2.0`;
  }
}

/** What to do so that the launches of an entry require IMDSv2. */
export function nextStep(entry: Entry, region: string): Advice {
  const { kind, template, references, launchers, owner, containerHost } = entry;
  const { control, launchSource } = owner;
  const fix = prevention({ region }, launchSource, containerHost);
  const isOwned = control === 'generated' || control === 'stack';
  if (isOwned || kind === 'recent-launch') return fix;
  if (kind === 'launch-specification' || kind === 'spot-request') {
    return {
      text: 'Set the account default, which decides about launches that cannot state metadata options:',
      commands: [`imdsv2 prevent defaults --region ${region}`],
    };
  }
  if (template === undefined) {
    return {
      ...fix,
      text: `A launch configuration cannot be changed: create a launch template with HttpTokens=required${containerHost ? ' and HttpPutResponseHopLimit=2' : ''}, and assign it to the group.`,
      commands: [],
    };
  }
  if (launchers.every(({ kind: launcher }) => launcher !== 'auto-scaling-group') && references.some(isNumber)) {
    return { ...fix, text: 'Request the fleet again, with a version that requires IMDSv2.', commands: [] };
  }
  const options = [
    references.some(followsDefault) && '--set-default',
    control === 'terraform' && '--even-if-managed',
  ].filter((option) => option !== false);
  const command = `imdsv2 prevent templates --region ${region} --template ${argument(template.id)}`;
  return {
    ...fix,
    text:
      control === 'terraform'
        ? 'Change it in Terraform, which would set it back; or:'
        : 'Create a version that requires IMDSv2, and move what refers to it:',
    commands: [[command, ...options].join(' ')],
  };
}

const isNumber = ({ version = '' }: TemplateReference): boolean => /^\d+$/.test(version);
