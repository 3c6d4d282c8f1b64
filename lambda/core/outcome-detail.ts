import { CONTROLS, MESSAGE_SCHEMA, type Severity, type Status, TAG } from '../contract.ts';
import type { MetadataOptions } from './instance.ts';
import { isContainerHost, type LaunchSource, launchSourceOf } from './launch-source.ts';
import { type Outcome, severityOf } from './outcome.ts';
import { consoleLink, instanceArn } from './partition.ts';
import type { Reason } from './reason.ts';
import type { Caller } from './target.ts';
import { clean, cleanAll } from './text.ts';
import { changeNote, explainOutcome } from './words/outcome.ts';

/**
 * One outcome as data: the detail of its event, schema `imdsv2-enforcer.outcome/v1`, from which alerts are written.
 *
 * Untrusted input is sanitized. New versions only add fields. Times are ISO 8601 in UTC.
 */
export interface OutcomeDetail {
  readonly schema: typeof MESSAGE_SCHEMA;
  /** A test of alert delivery: nothing happened. */
  readonly test?: true;
  readonly severity: Severity;
  readonly status: Status;
  readonly reason: Reason;
  /** What happened, in one or two sentences without untrusted input. */
  readonly explanation: string;
  /** An error message of EC2, or the value of a tag. */
  readonly detail?: string;
  /** The controls that an instance with IMDSv1 enabled fails, as Security Hub names them. */
  readonly controls: readonly string[];
  readonly account: string;
  readonly region: string;
  readonly instanceId: string;
  readonly instanceArn: string;
  /** The instance in the console; absent in partitions without a documented domain. */
  readonly consoleUrl?: string;
  readonly name?: string;
  /** State of the instance before any change. */
  readonly state?: string;
  /** Name of the trigger. */
  readonly trigger: string;
  /** The call re-enabled IMDSv1. */
  readonly drift: boolean;
  /** What the call did to the exemption tag. */
  readonly exemptionTag?: 'set' | 'removed';
  /** Id of the event that led to the outcome. */
  readonly eventId: string;
  readonly occurredAt: string;
  readonly settledAt: string;
  readonly launchTime?: string;
  /** Since when IMDSv1 was enabled, as far as known; absent if it was not. */
  readonly exposedSince?: string;
  /** For how long; absent while IMDSv1 is enabled. */
  readonly exposedSeconds?: number;
  readonly caller?: Caller;
  readonly launchSource: LaunchSource;
  /** The instance runs containers, which need a hop limit of 2. */
  readonly containerHost: boolean;
  readonly before?: MetadataOptions;
  /** Options after a change, as EC2 returned them. */
  readonly after?: MetadataOptions;
  readonly instanceProfile?: string;
  readonly publicAddresses?: readonly string[];
  readonly vpcId?: string;
  /** Value of the owner tag. */
  readonly owner?: string;
  readonly exemption?: ExemptionDetail;
  /** Only in alerts: the drift is one of at least three in a day, or that could not be seen. */
  readonly repeatedDrift?: RepeatedDrift;
}

/** The exemption tags of an instance, whether or not they exempt it. */
export interface ExemptionDetail {
  readonly until: string;
  readonly reason?: string;
  readonly owner?: string;
}

/** How often IMDSv1 was re-enabled on one instance within a day, and by whom. Only alerts have it. */
export interface RepeatedDrift {
  /** Number of calls, as far as event history has received them. */
  readonly count: number;
  /** By principal, the one with most calls first. */
  readonly principals: readonly RepeatingPrincipal[];
  /** Why calls may be missing, if history could not be read to the end. */
  readonly notVisible?: string;
}

/** A principal that re-enabled IMDSv1. Sessions of one role are one principal. */
export interface RepeatingPrincipal {
  readonly principal: string;
  /** Names of the sessions of a role; at most ten. */
  readonly sessions: readonly string[];
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

/** The data of an outcome. @param ownerTag key of the tag that names the owner of an instance. */
export function toOutcomeDetail(outcome: Outcome, ownerTag?: string): OutcomeDetail {
  const { target, snapshot, status, reason, detail, at, after, exposedSeconds } = outcome;
  const { account, region, instanceId, context } = target;
  const { trigger, caller, occurredAt, eventId } = context;
  const tags = snapshot?.tags ?? new Map<string, string>();
  return {
    schema: MESSAGE_SCHEMA,
    severity: severityOf(outcome),
    status,
    reason,
    explanation: explain(outcome),
    detail: detail === undefined ? undefined : clean(detail),
    controls: CONTROLS,
    account,
    region,
    instanceId,
    instanceArn: instanceArn(account, region, instanceId),
    consoleUrl: consoleLink(region, instanceId),
    name: cleanOf(tags.get('Name')),
    state: cleanOf(snapshot?.state),
    trigger: trigger.name,
    drift: trigger.drift === true,
    exemptionTag: trigger.exemptionTag,
    eventId: clean(eventId),
    occurredAt: occurredAt.toISOString(),
    settledAt: at.toISOString(),
    launchTime: snapshot?.launchTime?.toISOString(),
    exposedSince: exposedSince(outcome)?.toISOString(),
    exposedSeconds,
    caller: caller && cleanAll(caller),
    launchSource: cleanAll(launchSourceOf(tags)),
    containerHost: isContainerHost(tags),
    before: snapshot && cleanAll(snapshot.options),
    after: after && cleanAll(after),
    instanceProfile: cleanOf(snapshot?.instanceProfile),
    publicAddresses: snapshot?.publicAddresses?.map((address) => clean(address)),
    vpcId: cleanOf(snapshot?.vpcId),
    owner: ownerTag === undefined ? undefined : cleanOf(tags.get(ownerTag)),
    exemption: exemptionIn(tags),
  };
}

function explain(outcome: Outcome): string {
  if (outcome.status !== 'remediated') return explainOutcome(outcome);
  const { opening = 'IMDSv1 was enabled' } = outcome.target.context.trigger;
  return `${opening}. ${changeNote(outcome)}`;
}

/** Since when IMDSv1 was enabled. Before an exemption was removed, that was allowed, so the time does not count. */
function exposedSince({ status, snapshot, target: { context } }: Outcome): Date | undefined {
  if (status === 'skipped' || snapshot === undefined) return undefined;
  if (context.trigger.exposedByCall) return context.occurredAt;
  const { HttpTokens, HttpEndpoint } = snapshot.options;
  if (status !== 'already-remediated' && (HttpTokens !== 'optional' || HttpEndpoint !== 'enabled')) return undefined;
  return snapshot.launchTime ?? context.occurredAt;
}

function exemptionIn(tags: ReadonlyMap<string, string>): ExemptionDetail | undefined {
  const until = tags.get(TAG.exemptUntil);
  if (until === undefined) return undefined;
  return {
    until: clean(until),
    reason: cleanOf(tags.get(TAG.exemptReason)),
    owner: cleanOf(tags.get(TAG.exemptOwner)),
  };
}

const cleanOf = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : clean(text);
