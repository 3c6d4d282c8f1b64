import { MESSAGE_SCHEMA, SEVERITIES, type Severity, type Status, type TriggerName } from '../contract.ts';
import { type AlertOptions, section } from './email.ts';
import { groupBy } from './group-by.ts';
import { type LaunchSource, launchSourceOf } from './launch-source.ts';
import { type Outcome, severityOf, worstOf } from './outcome.ts';
import { clean, MAX_TEXT } from './text.ts';
import { explain } from './words.ts';

/** Something to tell, in the forms its subscribers want. */
export interface Message {
  /** Under 100 ASCII characters: ids, counts and region only, for it is shown before anything is checked. */
  readonly subject: string;
  /** For machines; the `default` form. Its `schema` says what it is. */
  readonly json: { readonly schema: string };
  /** For people; the `email` form. */
  readonly email: string;
  /** For subscription filter policies. */
  readonly attributes: {
    readonly severity: Severity;
    readonly status: readonly (Status | 'digest' | 'workload-impact')[];
    readonly account: string;
    readonly region: string;
    readonly trigger: TriggerName;
  };
}

/** One alert about what became of instances. */
export interface AlertMessage extends Message {
  readonly json: AlertJson;
}

/** The JSON form, schema `imdsv2-enforcer.outcome/v1`. Fields are only ever added to it. */
export interface AlertJson {
  readonly schema: typeof MESSAGE_SCHEMA;
  /** Nothing happened: somebody tries whether alerts arrive. */
  readonly test?: true;
  readonly account: string;
  readonly region: string;
  readonly trigger: TriggerName;
  readonly severity: Severity;
  /** Instances by status, in all. */
  readonly counts: Readonly<Partial<Record<Status, number>>>;
  /** The first instances in detail, worst first. */
  readonly outcomes: readonly OutcomeJson[];
  /** Ids of the rest, by status. */
  readonly more: Readonly<Partial<Record<Status, readonly string[]>>>;
}

/** One instance in the JSON form. */
export interface OutcomeJson {
  readonly instanceId: string;
  readonly name?: string;
  readonly status: Status;
  readonly reason: string;
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

/** How many instances of a message are told in detail at most. */
export const DETAILED = 25;

/** How many are, the first that fits: strangers' names must not turn one message into hundreds. */
const DETAILS = [DETAILED, 12, 6, 3, 1];

/**
 * The most that the two forms of a message may weigh together. SNS takes 256 KiB with attributes and the JSON around them.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export const MAX_BYTES = 240 * 1024;

/** The alerts for some outcomes: one for each account, region and trigger, more only where it would weigh too much. */
export function toMessages(outcomes: readonly Outcome[], options: AlertOptions): AlertMessage[] {
  const groups = groupBy(outcomes, ({ target: { account, region, context } }) =>
    [account, region, context.trigger].join(),
  );
  return [...groups.values()].flatMap((group) => fit(worstFirst(group), options));
}

/** The text SNS is given for `MessageStructure=json`. */
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
  const counts = Object.fromEntries([...byStatus].map(([status, those]) => [status, those.length]));
  const rest = groupBy(outcomes.slice(detailed), ({ status }) => status);
  const more = Object.fromEntries(
    [...rest].map(([status, those]) => [status, those.map(({ target }) => target.instanceId)]),
  );
  const shared = { account, region, trigger: context.trigger, severity: worstOf(outcomes) };
  const compliance = [...byStatus].map(([status, those]) => `${those.length} ${status}`).join(', ');
  return {
    subject: subjectOf(shared.severity, compliance, region, first.target.instanceId, outcomes.length),
    json: { schema: MESSAGE_SCHEMA, ...shared, counts, outcomes: outcomes.slice(0, detailed).map(toJson), more },
    email: [
      `IMDSv2 enforcer, account ${account}, ${region}: ${compliance}.`,
      ...outcomes.slice(0, detailed).map((outcome) => section(outcome, options)),
      ...Object.entries(more).map(([status, ids]) => `${ids.length} more ${status}: ${ids.join(' ')}`),
      'Instances stay exempt with the tag imdsv2:exempt-until=YYYY-MM-DD; names and reasons above are as others wrote them.',
    ].join('\n\n'),
    attributes: { ...shared, status: [...byStatus.keys()] },
  };
}

function subjectOf(severity: Severity, compliance: string, region: string, instanceId: string, count: number): string {
  const ids = count === 1 ? ` ${instanceId}` : ` ${instanceId} +${count - 1}`;
  const subject = `[IMDSv2 ${severity}] ${region}: ${compliance}`;
  return subject.length + ids.length < 100 ? subject + ids : subject.slice(0, 99);
}

function worstFirst(outcomes: readonly Outcome[]): Outcome[] {
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
    explanation: explain(outcome),
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

/** Every text in a flat record cleaned; absent fields stay absent. */
function cleanAll<T extends object>(record: T): Readonly<Record<string, string>> & T {
  const entries = Object.entries(record).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? clean(value, MAX_TEXT) : value,
  ]);
  return Object.fromEntries(entries) as Readonly<Record<string, string>> & T;
}
