import { MESSAGE_SCHEMA, SEVERITIES, type Severity, type Status } from '../contract.ts';
import { type AlertOptions, section } from './email.ts';
import { groupBy } from './group-by.ts';
import { type LaunchSource, launchSourceOf } from './launch-source.ts';
import { type Outcome, severityOf, worstOf } from './outcome.ts';
import type { Reason } from './reason.ts';
import { clean, MAX_TEXT } from './text.ts';
import { explainOutcome } from './words/outcome.ts';

/** An alert or digest, in the forms that its subscribers receive. */
export interface Message {
  /** Under 100 ASCII characters, without untrusted input: ids, counts and region only. */
  readonly subject: string;
  /** For programs; the `default` form. Its `schema` names the kind of message. */
  readonly json: { readonly schema: string };
  /** For readers; the `email` form. */
  readonly email: string;
  /** For subscription filter policies. */
  readonly attributes: {
    readonly severity: Severity;
    readonly status: readonly (Status | 'digest' | 'workload-impact')[];
    readonly account: string;
    readonly region: string;
    readonly trigger: string | readonly string[];
  };
  /** For Amazon Q Developer in chat applications. */
  readonly chat?: ChatMessage;
}

/**
 * A custom notification of Amazon Q Developer in chat applications, which drops any other form silently.
 * https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
export interface ChatMessage {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps?: readonly string[];
    readonly keywords?: readonly string[];
  };
  readonly metadata: {
    readonly threadId: string;
    readonly summary: string;
    readonly eventType: string;
    readonly relatedResources?: readonly string[];
  };
}

/** An alert about the outcomes of instances. */
export interface AlertMessage extends Message {
  readonly json: AlertJson;
}

/** The JSON form of an alert, schema `imdsv2-enforcer.outcome/v1`. New versions only add fields. */
export interface AlertJson {
  readonly schema: typeof MESSAGE_SCHEMA;
  /** A test of alert delivery: nothing happened. */
  readonly test?: true;
  readonly account: string;
  readonly region: string;
  readonly trigger: string;
  readonly severity: Severity;
  /** Total number of instances, by status. */
  readonly counts: Readonly<Partial<Record<Status, number>>>;
  /** The first instances in detail, highest severity first. */
  readonly outcomes: readonly OutcomeJson[];
  /** Ids of the remaining instances, by status. */
  readonly more: Readonly<Partial<Record<Status, readonly string[]>>>;
}

/** One instance in the JSON form of an alert. Untrusted input is sanitized. */
export interface OutcomeJson {
  readonly instanceId: string;
  readonly name?: string;
  readonly status: Status;
  readonly reason: Reason;
  readonly severity: Severity;
  readonly explanation: string;
  readonly detail?: string;
  readonly eventId: string;
  readonly occurredAt: string;
  readonly settledAt: string;
  readonly launchTime?: string;
  readonly exposedSeconds?: number;
  readonly caller?: Readonly<Record<string, string>>;
  readonly launchSource: LaunchSource;
  readonly before?: Readonly<Record<string, string | number>>;
  readonly after?: Readonly<Record<string, string | number>>;
}

/** Number of instances with details: the first that fits, so that long names do not split an alert. */
const DETAILS = [25, 12, 6, 3, 1];

/**
 * Maximum size of both forms of a message together.
 *
 * SNS accepts 256 KiB, including the attributes and the JSON around the forms.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export const MAX_BYTES = 240 * 1024;

/** Begins and ends the email of a test of alert delivery. */
export const TEST_NOTICE =
  'THIS IS A TEST, sent by "imdsv2 test-alert". The instances do not exist. Nothing was changed. No action is required.';

/** One alert for each account, region and trigger; several only if it would be too large. */
export function toMessages(outcomes: readonly Outcome[], options: AlertOptions): AlertMessage[] {
  const groups = groupBy(outcomes, ({ target: { account, region, context } }) =>
    [account, region, context.trigger.name].join(),
  );
  return [...groups.values()].flatMap((group) => fit(bySeverity(group), options));
}

/** The text to publish to SNS with `MessageStructure=json`. */
export function toSnsText({ json, email }: Pick<Message, 'json' | 'email'>): string {
  return JSON.stringify({ default: JSON.stringify(json), email });
}

function fit(outcomes: readonly Outcome[], options: AlertOptions): AlertMessage[] {
  for (const detailed of DETAILS) {
    const message = toMessage(outcomes, detailed, options);
    if (outcomes.length <= 1 || new TextEncoder().encode(toSnsText(message)).length <= MAX_BYTES) return [message];
  }
  const half = Math.ceil(outcomes.length / 2);
  return [...fit(outcomes.slice(0, half), options), ...fit(outcomes.slice(half), options)];
}

function toMessage(outcomes: readonly Outcome[], detailed: number, options: AlertOptions): AlertMessage {
  const [first] = outcomes;
  if (first === undefined) throw new RangeError('a message needs at least one outcome');
  const { account, region, context } = first.target;
  const byStatus = groupBy(outcomes, ({ status }) => status);
  const counts = Object.fromEntries([...byStatus].map(([status, group]) => [status, group.length]));
  const remaining = groupBy(outcomes.slice(detailed), ({ status }) => status);
  const more = Object.fromEntries(
    [...remaining].map(([status, group]) => [status, group.map(({ target }) => target.instanceId)]),
  );
  const shared = { account, region, trigger: context.trigger.name, severity: worstOf(outcomes) };
  const totals = [...byStatus].map(([status, group]) => `${group.length} ${status}`).join(', ');
  return {
    subject: subjectOf(shared.severity, totals, region, first.target.instanceId, outcomes.length),
    json: { schema: MESSAGE_SCHEMA, ...shared, counts, outcomes: outcomes.slice(0, detailed).map(toJson), more },
    email: [
      `IMDSv2 enforcer, account ${account}, ${region}: ${totals}.`,
      ...outcomes.slice(0, detailed).map((outcome) => section(outcome, options)),
      ...Object.entries(more).map(([status, ids]) => `${ids.length} more ${status}: ${ids.join(' ')}`),
      'To exempt an instance, tag it with imdsv2:exempt-until=YYYY-MM-DD. Names and reasons are user-supplied and unverified.',
    ].join('\n\n'),
    attributes: { ...shared, status: [...byStatus.keys()] },
  };
}

function subjectOf(severity: Severity, totals: string, region: string, instanceId: string, count: number): string {
  const ids = count === 1 ? ` ${instanceId}` : ` ${instanceId} +${count - 1}`;
  const subject = `[IMDSv2 ${severity}] ${region}: ${totals}`;
  return subject.length + ids.length < 100 ? subject + ids : subject.slice(0, 99);
}

function bySeverity(outcomes: readonly Outcome[]): Outcome[] {
  const rank = (outcome: Outcome): number => SEVERITIES.indexOf(severityOf(outcome));
  return [...outcomes].sort((a, b) => rank(b) - rank(a));
}

function toJson(outcome: Outcome): OutcomeJson {
  const { target, snapshot, status, reason, detail, at, exposedSeconds, after } = outcome;
  const name = snapshot?.tags.get('Name');
  return {
    instanceId: target.instanceId,
    name: name === undefined ? undefined : clean(name),
    status,
    reason,
    severity: severityOf(outcome),
    explanation: explainOutcome(outcome),
    detail: detail === undefined ? undefined : clean(detail),
    eventId: clean(target.context.eventId),
    occurredAt: target.context.occurredAt.toISOString(),
    settledAt: at.toISOString(),
    launchTime: snapshot?.launchTime?.toISOString(),
    exposedSeconds,
    caller: target.context.caller && cleanAll(target.context.caller),
    launchSource: cleanAll(launchSourceOf(snapshot?.tags ?? new Map())),
    before: snapshot && cleanAll(snapshot.options),
    after: after && cleanAll(after),
  };
}

/** Sanitizes every text in a flat record. Absent fields stay absent. */
function cleanAll<T extends object>(record: T): Readonly<Record<string, string>> & T {
  const entries = Object.entries(record).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? clean(value, MAX_TEXT) : value,
  ]);
  return Object.fromEntries(entries) as Readonly<Record<string, string>> & T;
}
