import { hopLimitAdvice } from '../advice.ts';
import { raisedHopLimit } from '../hop-limit.ts';
import { supportsTokens } from './least-versions.ts';
import { rowOf, type Software } from './software.ts';

/** Why software got credentials from IMDSv1. */
export const DIAGNOSES = ['upgrade', 'hop-limit', 'no-sdk', 'version-unknown', 'supported', 'aws-service'] as const;

/** What to do about software that got credentials from IMDSv1. */
export interface Diagnosis {
  readonly kind: (typeof DIAGNOSES)[number];
  /** A sentence without a full stop. Names in it are sanitized. */
  readonly text: string;
  /** Shell commands that are safe to paste. */
  readonly commands: readonly string[];
}

/** The instance as far as it could be read; without `reach` it is gone, or not visible. */
export interface Host {
  readonly region: string;
  readonly instanceId: string;
  /** What decides whether a token reaches software on the instance. */
  readonly reach?: { readonly hopLimit?: number; readonly containerHost: boolean };
}

/** Containers need this hop limit. */
const CONTAINER_HOP_LIMIT = 2;

/** What to do about software that called AWS with credentials of IMDSv1. */
export function diagnose(software: Software, host: Host): Diagnosis {
  const { kind, sdk } = software;
  if (kind === 'aws-service')
    return advice(kind, 'an AWS service made the calls for software on the instance: see its other calls');
  const row = rowOf(software);
  if (row === undefined || sdk === undefined) {
    return kind === 'agent'
      ? advice('version-unknown', `update ${label(software)}: the user agent does not name the AWS SDK in it`)
      : advice('no-sdk', 'replace the call: it needs a token, or an AWS SDK that supports IMDSv2');
  }
  const supports = supportsTokens(row, sdk.version);
  const [least, own] = [row.least ?? '', `${sdk.name} ${sdk.version}`];
  if (supports === undefined) {
    const text = `the user agent has the version of a package, ${own}, and AWS documents release ${least}: upgrade to ${row.comparableFrom ?? least} or later`;
    return advice('version-unknown', text);
  }
  if (!supports) {
    const inside = software.name === sdk.name || software.name === 'Boto3' ? '' : ` in ${label(software)}`;
    return advice('upgrade', `upgrade ${own}${inside} to ${least} or later`);
  }
  return whySupported(software, host);
}

/** Why software that supports IMDSv2 got credentials from IMDSv1. */
function whySupported(software: Software, host: Host): Diagnosis {
  const { reach } = host;
  const HttpPutResponseHopLimit = reach?.hopLimit;
  const isLow = raisedHopLimit({ HttpPutResponseHopLimit }, CONTAINER_HOP_LIMIT) !== undefined;
  const isContainer = software.inContainer || reach?.containerHost === true;
  if (isLow && isContainer && !software.onHost) {
    const text = 'the token does not reach the container: raise the hop limit to 2';
    return { kind: 'hop-limit', text, commands: hopLimitAdvice(host).commands };
  }
  const places = [
    'restart the software, and look for scripts that copy credentials, credential caches and proxies such as kube2iam',
    ...(isLow && !software.onHost ? ['if it runs in a container, raise the hop limit from 1 to 2'] : []),
    ...(reach === undefined ? ['the hop limit could not be read'] : []),
  ];
  const text = 'supports IMDSv2 but was given IMDSv1 credentials: cached before the change, or IMDSv1 asked for';
  return advice('supported', [text, ...places].join('; '));
}

const advice = (kind: Diagnosis['kind'], text: string): Diagnosis => ({ kind, text, commands: [] });

/** Name and version of software. */
const label = ({ name, version }: Pick<Software, 'name' | 'version'>): string =>
  version === undefined ? name : `${name} ${version}`;

/** Software with the SDK in it. */
export function softwareLabel({ software }: { readonly software: Software }): string {
  const { sdk } = software;
  const own = label(software);
  return sdk === undefined || own === label(sdk) ? own : `${own} (${label(sdk)})`;
}
