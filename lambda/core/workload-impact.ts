import { WORKLOAD_IMPACT_SCHEMA } from '../contract.ts';
import { rollbackCommand } from './advice.ts';
import type { CallerDetail } from './callers/detail.ts';
import { isImdsv1Enabled, type Snapshot } from './instance.ts';
import { isContainerHost, type LaunchSource, launchSourceOf } from './launch-source.ts';
import { type Message, type MessageOptions, TEST_NOTICE } from './message.ts';
import { consoleLink } from './partition.ts';
import { clean, defang } from './text.ts';
import { callerLine, WITHOUT_CALLERS } from './words/callers.ts';
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

/**
 * Workload impact in a region as data: the detail of its event and the JSON form, schema `imdsv2-enforcer.workload-impact/v1`. The
 * email is written from it.
 *
 * Untrusted input is sanitized. New versions only add fields.
 */
export interface WorkloadImpactDetail {
  readonly schema: typeof WORKLOAD_IMPACT_SCHEMA;
  /** A test of alert delivery: nothing happened. */
  readonly test?: true;
  readonly severity: 'HIGH';
  readonly account: string;
  readonly region: string;
  readonly instances: readonly ImpactedInstanceDetail[];
}

/** A remediated instance whose workload may be affected. */
export interface ImpactedInstanceDetail {
  readonly instanceId: string;
  readonly name?: string;
  readonly remediatedAt: string;
  readonly rejectedCalls: number;
  /** If `pending`, EC2 has not applied the change to the instance. */
  readonly state?: string;
  readonly launchSource: LaunchSource;
  readonly hopLimit?: number;
  /** The instance runs containers, which need a hop limit of 2. */
  readonly containerHost?: boolean;
  /** Only in alerts: the software that called AWS with credentials of IMDSv1, most calls first; at most five. */
  readonly callers?: readonly CallerDetail[];
  /** Only in alerts: why calls may be missing. */
  readonly callersNotVisible?: string;
  /** The command that re-enables IMDSv1. */
  readonly rollback: string;
}

/** Most instances in one event and one message. An instance with long names takes about 15 KB in both forms. */
const MOST = 15;

/** The data of workload impact in a region; several if there are many instances. */
export function toWorkloadImpactDetails(
  account: string,
  region: string,
  impacts: readonly WorkloadImpact[],
  { maxExemptionDays }: MessageOptions,
): WorkloadImpactDetail[] {
  const parts = Array.from({ length: Math.ceil(impacts.length / MOST) }, (_, index) =>
    impacts.slice(index * MOST, (index + 1) * MOST),
  );
  return parts.map((part) => ({
    schema: WORKLOAD_IMPACT_SCHEMA,
    severity: 'HIGH',
    account,
    region,
    instances: part.map((impact) =>
      toDetail(impact, rollbackCommand(region, impact.snapshot.instanceId, maxExemptionDays)),
    ),
  }));
}

/** The message about workload impact, from its data. */
export function renderWorkloadImpact(detail: WorkloadImpactDetail): Message {
  const { severity, account, region, instances } = detail;
  const [test, notice] = detail.test === true ? ['TEST ', [TEST_NOTICE]] : ['', []];
  return {
    subject: `${test}[IMDSv2 ${severity}] ${account} ${region}: possible workload impact on ${plural(instances.length, 'instance')}`,
    json: detail,
    email: [
      ...notice,
      `IMDSv2 enforcer, account ${account}, ${region}: after the remediation, IMDSv1 calls were rejected or the change was not applied. The workload may be affected.`,
      ...instances.map((instance) => section(instance, account, region)),
      'Names are user-supplied and unverified.',
      ...notice,
    ].join('\n\n'),
    attributes: { severity, status: ['workload-impact'], account, region, trigger: 'command' },
  };
}

function section(instance: ImpactedInstanceDetail, account: string, region: string): string {
  const { instanceId, name, remediatedAt, rejectedCalls, state, launchSource, rollback } = instance;
  const link = consoleLink(region, instanceId);
  return [
    `${instanceId}: WORKLOAD IMPACT`,
    rejectedCalls > 0
      ? `What happened: ${plural(rejectedCalls, 'IMDSv1 call')} rejected since the remediation`
      : `What happened: state of the change: ${defang(state ?? 'not stated')}`,
    rejectedCalls > 0
      ? 'So what: software on the instance that needs IMDSv1 gets neither credentials nor metadata'
      : 'So what: IMDSv1 may still be enabled',
    ...(name === undefined ? [] : [`Name: ${defang(name)}`]),
    'Who: imdsv2-enforcer remediated the instance',
    `When: remediated ${iso(new Date(remediatedAt))}`,
    `Where: account ${account}, ${region}${link === undefined ? '' : `, ${link}`}`,
    `Why: ${describeLaunchSource(launchSource)}`,
    ...softwareLines(instance),
    'What now: update the software (SDKs in docs/existing-instances.md), or undo until it is updated.',
    'Undo: Re-enables IMDSv1 on the instance and exempts it.',
    rollback,
  ].join('\n');
}

/** What is known of the software from event history. */
function softwareLines({ callers, callersNotVisible }: ImpactedInstanceDetail): readonly string[] {
  if (callers === undefined) return [];
  const notes = [
    callers.length === 0 &&
      callersNotVisible === undefined &&
      `no calls with credentials of IMDSv1; ${WITHOUT_CALLERS}`,
    callersNotVisible !== undefined && defang(callersNotVisible),
  ];
  return [...callers.map((caller) => callerLine(caller)), ...notes]
    .filter((line) => line !== false)
    .map((line) => `Software: ${line}`);
}

function toDetail(
  { snapshot: { instanceId, tags, options }, remediatedAt, rejected }: WorkloadImpact,
  rollback: string,
): ImpactedInstanceDetail {
  const name = tags.get('Name');
  return {
    instanceId,
    name: name === undefined ? undefined : clean(name),
    remediatedAt: remediatedAt.toISOString(),
    rejectedCalls: rejected,
    state: options.State === undefined ? undefined : clean(options.State),
    launchSource: Object.fromEntries(
      Object.entries(launchSourceOf(tags)).map(([part, value]: [string, string]) => [part, clean(value)]),
    ),
    hopLimit: options.HttpPutResponseHopLimit,
    containerHost: isContainerHost(tags),
    rollback,
  };
}
