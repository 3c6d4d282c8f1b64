import { WORKLOAD_IMPACT_SCHEMA } from '../contract.ts';
import { rollbackCommand } from './advice.ts';
import type { AlertOptions } from './email.ts';
import type { Snapshot } from './instance.ts';
import { MAX_BYTES, type Message, toSnsText } from './message.ts';
import { launchSourceOf } from './launch-source.ts';
import { describeLaunchSource, iso } from './show.ts';
import { clean, defang } from './text.ts';

/** An instance that did not take its change well. */
export interface WorkloadImpact {
  readonly snapshot: Snapshot;
  readonly remediatedAt: Date;
  /** Calls without a token that were refused since then. */
  readonly rejected: number;
}

/** How often an instance is looked after. */
const LOOKS = 4;

/**
 * What to do about an instance that was closed: tell that it broke something, look again later, or leave it. An instance that is
 * going, or was opened again since, is nobody's break.
 */
export function judgeAfterChange(
  { state, options }: Snapshot,
  rejected: number,
  checksDone: number,
): 'tell' | 'later' | 'done' {
  if (state === 'shutting-down' || state === 'terminated' || options.HttpTokens !== 'required') return 'done';
  if (rejected > 0) return 'tell';
  if (checksDone + 1 < LOOKS) return 'later';
  return options.State === 'pending' ? 'tell' : 'done';
}

/** One instance in the JSON form; schema `imdsv2-enforcer.workload-impact/v1`. */
interface WorkloadImpactJson {
  readonly instanceId: string;
  readonly name?: string;
  readonly remediatedAt: string;
  readonly rejectedCalls: number;
  /** `pending`: the change has not reached the instance. */
  readonly state?: string;
  readonly rollback: string;
}

/** What a change broke on some instances of one region: one message, more only where it would weigh too much. */
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
    subject: `[IMDSv2 HIGH] ${region}: ${impacts.length} closed and still in need of IMDSv1`,
    json,
    email: [
      `IMDSv2 enforcer, account ${account}, ${region}: IMDSv1 was switched off, and something there still needs it, or the change did not take.`,
      ...impacts.map((each) => section(each, undoOf(each))),
      'Names above are as others wrote them.',
    ].join('\n\n'),
    attributes: { severity: 'HIGH', status: ['workload-impact'], account, region, trigger: 'command' },
  };
}

function section({ snapshot, remediatedAt, rejected }: WorkloadImpact, undo: string): string {
  const { instanceId, tags, options } = snapshot;
  const name = tags.get('Name');
  return [
    `${instanceId}${name ? ` "${defang(name)}"` : ''}: closed ${iso(remediatedAt)}`,
    rejected > 0
      ? `  what     ${rejected} calls without a token were refused since then`
      : `  what     the change is still ${defang(options.State ?? 'not stated')}`,
    `  launchSource   ${describeLaunchSource(launchSourceOf(tags))}`,
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
