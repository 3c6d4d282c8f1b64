import { WORKLOAD_IMPACT_SCHEMA } from '../contract.ts';
import { rollbackCommand } from './advice.ts';
import type { AlertOptions } from './email.ts';
import { isImdsv1Enabled, type Snapshot } from './instance.ts';
import { MAX_BYTES, type Message, toSnsText } from './message.ts';
import { launchSourceOf } from './launch-source.ts';
import { clean, defang } from './text.ts';
import { iso, plural } from './words/format.ts';
import { describeLaunchSource } from './words/launch-source.ts';

/** A remediated instance whose workload may be affected. */
export interface WorkloadImpact {
  readonly snapshot: Snapshot;
  readonly remediatedAt: Date;
  /** Number of IMDSv1 calls that were rejected since the remediation. */
  readonly rejected: number;
}

/** Number of post-change checks of an instance, the first and then one every 15 minutes. */
const CHECKS = 4;

/**
 * Whether a check measures rejected calls: the first and the last one, because CloudWatch charges for each, and only of
 * an instance that runs with IMDSv2 required.
 */
export function measuresRejections({ state, options }: Snapshot, checksDone: number): boolean {
  const isMeasured = checksDone === 0 || checksDone + 1 >= CHECKS;
  return isMeasured && state === 'running' && options.HttpTokens === 'required';
}

/**
 * What follows from a post-change check: an alert, another check, a remediation because IMDSv1 was re-enabled, or nothing.
 *
 * There is no impact to report if the instance is terminated, or if IMDSv1 has been re-enabled since. On an instance
 * that is not running, the change is pending until its next start.
 *
 * @param rejected number of IMDSv1 calls that were rejected since the remediation.
 * @param checksDone number of checks before this one.
 */
export function judgeAfterChange(
  { state, options }: Snapshot,
  rejected: number,
  checksDone: number,
): 'notify' | 'check-again' | 're-enabled' | 'done' {
  if (state === 'shutting-down' || state === 'terminated') return 'done';
  if (isImdsv1Enabled(options)) return 're-enabled';
  if (options.HttpTokens !== 'required') return 'done';
  if (rejected > 0) return 'notify';
  if (checksDone + 1 < CHECKS) return 'check-again';
  return state === 'running' && options.State === 'pending' ? 'notify' : 'done';
}

/** One instance in the JSON form; schema `imdsv2-enforcer.workload-impact/v1`. */
interface WorkloadImpactJson {
  readonly instanceId: string;
  readonly name?: string;
  readonly remediatedAt: string;
  readonly rejectedCalls: number;
  /** If `pending`, EC2 has not applied the change to the instance. */
  readonly state?: string;
  readonly rollback: string;
}

/** The alert about workload impact in a region; several only if it would be too large. */
export function toWorkloadImpactMessages(
  account: string,
  region: string,
  impacts: readonly WorkloadImpact[],
  options: AlertOptions,
): Message[] {
  const message = toMessage(account, region, impacts, options);
  if (impacts.length <= 1 || new TextEncoder().encode(toSnsText(message)).length <= MAX_BYTES) return [message];
  const half = Math.ceil(impacts.length / 2);
  const parts = [impacts.slice(0, half), impacts.slice(half)];
  return parts.flatMap((part) => toWorkloadImpactMessages(account, region, part, options));
}

function toMessage(
  account: string,
  region: string,
  impacts: readonly WorkloadImpact[],
  { maxExemptionDays }: AlertOptions,
): Message {
  const undoOf = ({ snapshot }: WorkloadImpact) => rollbackCommand(region, snapshot.instanceId, maxExemptionDays);
  const json = {
    schema: WORKLOAD_IMPACT_SCHEMA,
    account,
    region,
    instances: impacts.map((each) => toJson(each, undoOf(each))),
  };
  return {
    subject: `[IMDSv2 HIGH] ${region}: possible workload impact on ${plural(impacts.length, 'remediated instance')}`,
    json,
    email: [
      `IMDSv2 enforcer, account ${account}, ${region}: after the remediation, IMDSv1 calls were rejected or the change was not applied. The workload may be affected.`,
      ...impacts.map((each) => section(each, undoOf(each))),
      'Names are user-supplied and unverified.',
    ].join('\n\n'),
    attributes: { severity: 'HIGH', status: ['workload-impact'], account, region, trigger: 'command' },
  };
}

function section({ snapshot, remediatedAt, rejected }: WorkloadImpact, undo: string): string {
  const { instanceId, tags, options } = snapshot;
  const name = tags.get('Name');
  return [
    `${instanceId}${name ? ` "${defang(name)}"` : ''}: remediated ${iso(remediatedAt)}`,
    rejected > 0
      ? `  what     ${plural(rejected, 'IMDSv1 call')} rejected since then`
      : `  what     state of the change: ${defang(options.State ?? 'not stated')}`,
    `  source   ${describeLaunchSource(launchSourceOf(tags))}`,
    `  undo     ${undo}`,
  ].join('\n');
}

function toJson(
  { snapshot: { instanceId, tags, options }, remediatedAt, rejected }: WorkloadImpact,
  rollback: string,
): WorkloadImpactJson {
  const name = tags.get('Name');
  return {
    instanceId,
    name: name === undefined ? undefined : clean(name),
    remediatedAt: remediatedAt.toISOString(),
    rejectedCalls: rejected,
    state: options.State === undefined ? undefined : clean(options.State),
    rollback,
  };
}
