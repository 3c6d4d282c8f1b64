import { type Exemption, readExemption } from '../../lambda/core/exemption.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import { isContainerHost, type LaunchSource, launchSourceOf } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { type VerdictName, verdictOf } from '../../lambda/core/verdict.ts';
import { type LaunchSourceGroup, launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';

/** One instance of the report. Untrusted text is sanitized, except in `launchSource`. */
export interface AuditRow {
  readonly region: string;
  readonly instanceId: string;
  readonly name?: string;
  readonly state: string;
  readonly verdict: VerdictName;
  /** The exemption tag, whether or not it affects the verdict. */
  readonly exemption: Exemption;
  readonly options: MetadataOptions;
  readonly launchTime?: Date;
  readonly firstLaunch?: Date;
  /** IMDSv1 usage, if measured. */
  readonly usage?: Usage;
  readonly group: LaunchSourceGroup;
  /** The values of the tags, not sanitized. */
  readonly launchSource: LaunchSource;
  /** Whether tags name a container service. */
  readonly containerHost: boolean;
}

/** The row of an instance; `undefined` if it is shutting down or terminated. */
export function toRow(
  snapshot: Snapshot,
  region: string,
  maxExemptionDays: number,
  now: Date,
  usage?: Usage,
): AuditRow | undefined {
  const verdict = verdictOf(snapshot, maxExemptionDays, now);
  if (verdict === undefined) return undefined;
  const { instanceId, state, options, tags, launchTime, firstLaunch } = snapshot;
  const launchSource = launchSourceOf(tags);
  return {
    region,
    instanceId,
    name: cleanName(tags),
    state: clean(state),
    verdict: verdict.name,
    exemption: cleanTexts(readExemption(tags, now, maxExemptionDays)),
    options: cleanTexts(options),
    launchTime,
    firstLaunch,
    usage,
    group: launchSourceGroupOf(launchSource),
    launchSource,
    containerHost: isContainerHost(tags),
  };
}

/** The tag `Name`, sanitized. */
export function cleanName(tags: Snapshot['tags']): string | undefined {
  const name = tags.get('Name');
  return name && clean(name);
}

/** A copy of a flat record with every text sanitized. */
export function cleanTexts<T extends object>(record: T): T {
  const cleanText = (value: unknown) => (typeof value === 'string' ? clean(value) : value);
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, cleanText(value)])) as T;
}
