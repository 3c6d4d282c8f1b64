import { type Exemption, readExemption } from '../../lambda/core/exemption.ts';
import type { MetadataOptions, Snapshot } from '../../lambda/core/instance.ts';
import { type LaunchSource, launchSourceOf } from '../../lambda/core/launch-source.ts';
import { clean } from '../../lambda/core/text.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { type VerdictName, verdictOf } from '../../lambda/core/verdict.ts';
import { type LaunchSourceGroup, launchSourceGroupOf } from './launch-source-group.ts';

/** One instance of the report. What strangers wrote is cleaned, but for `launchSource`. */
export interface AuditRow {
  readonly region: string;
  readonly instanceId: string;
  readonly name?: string;
  /** Of the instance: `running`, `stopped`, ... */
  readonly state: string;
  readonly verdict: VerdictName;
  /** What its tag says, whether or not it matters to the verdict. */
  readonly exemption: Exemption;
  readonly options: MetadataOptions;
  readonly launchTime?: Date;
  readonly firstLaunch?: Date;
  /** How it uses IMDSv1, where that was measured. */
  readonly usage?: Usage;
  readonly group: LaunchSourceGroup;
  /** As the tags have it. */
  readonly launchSource: LaunchSource;
}

/** An instance as the report has it; `undefined` if it is going or gone. */
export function toRow(snapshot: Snapshot, region: string, maxExemptionDays: number, now: Date): AuditRow | undefined {
  const verdict = verdictOf(snapshot, maxExemptionDays, now);
  if (verdict === undefined) return undefined;
  const { instanceId, state, options, tags, launchTime, firstLaunch } = snapshot;
  const name = tags.get('Name');
  const launchSource = launchSourceOf(tags);
  return {
    region,
    instanceId,
    name: name === undefined ? undefined : clean(name),
    state: clean(state),
    verdict: verdict.name,
    exemption: cleanTexts(readExemption(tags, now, maxExemptionDays)),
    options: cleanTexts(options),
    launchTime,
    firstLaunch,
    group: launchSourceGroupOf(launchSource),
    launchSource,
  };
}

/** A flat record with every text in it cleaned. */
export function cleanTexts<T extends object>(record: T): T {
  const entries = Object.entries(record).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? clean(value) : value,
  ]);
  return Object.fromEntries(entries) as T;
}
