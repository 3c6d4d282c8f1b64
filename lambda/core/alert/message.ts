import { ALERT_SCHEMA, type Severity, type Status } from '../../contract.ts';
import { groupBy } from '../group-by.ts';
import type { LaunchSourceKind } from '../launch-source.ts';
import { MAX_BYTES, type Message, TEST_NOTICE, toSnsText } from '../message.ts';
import type { OutcomeDetail } from '../outcome-detail.ts';
import type { Reason } from '../reason.ts';
import type { AlertOptions } from './advice.ts';
import { renderBlock } from './block.ts';
import { toChat } from './chat.ts';
import { type Alert, type Block, groupOutcomes, worst } from './group.ts';

/** The JSON form of an alert, schema `imdsv2-enforcer.alert/v1`. New versions only add fields. */
export interface AlertJson {
  readonly schema: typeof ALERT_SCHEMA;
  /** A test of alert delivery: nothing happened. */
  readonly test?: true;
  readonly account: string;
  readonly region: string;
  readonly severity: Severity;
  /** Number of instances by status. */
  readonly counts: Readonly<Partial<Record<Status, number>>>;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly groups: readonly GroupJson[];
}

/** Instances of one launch source to which the same happened. */
export interface GroupJson {
  readonly launchSource: { readonly kind: LaunchSourceKind; readonly name: string };
  readonly status: Status;
  readonly reason: Reason;
  readonly trigger: string;
  readonly severity: Severity;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Number of outcomes, of which one instance may have several. */
  readonly count: number;
  /** The ids of all instances. */
  readonly instanceIds: readonly string[];
  /** The latest outcomes of the first instances. Every outcome is an event of its own. */
  readonly outcomes: readonly OutcomeDetail[];
}

/** An alert about outcomes. */
export interface OutcomesMessage extends Message {
  readonly json: AlertJson;
}

/** Number of instances with details in the JSON form: the first that fits. */
const DETAILS = [25, 12, 6, 3, 1, 0];

/** The longest subject of SNS. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const SUBJECT = 99;

/** The alerts about some outcomes: one for each account and region; several only if one would be too large. */
export function toAlerts(details: readonly OutcomeDetail[], options: AlertOptions): OutcomesMessage[] {
  const [tests, others] = [true, false].map((test) => details.filter((detail) => (detail.test === true) === test));
  return [...groupOutcomes(others ?? []), ...groupOutcomes(tests ?? [])].flatMap((alert) => fit(alert, options));
}

function fit(alert: Alert, options: AlertOptions): OutcomesMessage[] {
  for (const detailed of DETAILS) {
    const message = toMessage(alert, detailed, options);
    if (new TextEncoder().encode(toSnsText(message)).length <= MAX_BYTES) return [message];
  }
  return halves(alert).flatMap((half) => fit(half, options));
}

/** Two alerts instead of one: by blocks, or else by the instances of the only block. */
function halves({ account, region, blocks }: Alert): Alert[] {
  const [only, ...others] = blocks;
  if (only === undefined) return [];
  const parts = others.length > 0 ? split(blocks) : split(only.occurrences).map((part) => [partOf(only, part)]);
  return parts.map((part) => ({ account, region, severity: worst(part), blocks: part }));
}

const partOf = (block: Block, occurrences: Block['occurrences']): Block => ({
  ...block,
  occurrences,
  details: occurrences.flatMap(({ details }) => details),
});

function split<T>(items: readonly T[]): (readonly T[])[] {
  const half = Math.ceil(items.length / 2);
  return [items.slice(0, half), items.slice(half)].filter((part) => part.length > 0);
}

function toMessage(alert: Alert, detailed: number, options: AlertOptions): OutcomesMessage {
  const { account, region, severity, blocks } = alert;
  const details = blocks.flatMap((block) => block.details);
  const latest = blocks.flatMap(({ occurrences }) => occurrences.map((occurrence) => occurrence.latest));
  const byStatus = groupBy(latest, ({ status }) => status);
  const counts = [...byStatus].map(([status, group]) => [status, idsOf(group).length] as const);
  const totals = counts.map(([status, count]) => `${count} ${status}`).join(', ');
  const test = details.some((detail) => detail.test === true);
  const subject = subjectOf(alert, totals, latest, test);
  const shown = new Set(latest.slice(0, detailed));
  const notice = test ? [TEST_NOTICE] : [];
  return {
    subject,
    json: {
      schema: ALERT_SCHEMA,
      ...(test && { test }),
      account,
      region,
      severity,
      counts: Object.fromEntries(counts),
      ...seen(details),
      groups: blocks.map((block) => toGroup(block, shown)),
    },
    email: [
      ...notice,
      `IMDSv2 enforcer, account ${account}, ${region}: ${totals}.`,
      ...blocks.map((block) => renderBlock(block, options)),
      'Names, tags, reasons and user agents are user-supplied and unverified.',
      ...notice,
    ].join('\n\n'),
    chat: toChat(alert, subject, options),
    attributes: {
      severity,
      status: [...byStatus.keys()],
      account,
      region,
      trigger: [...new Set(details.map(({ trigger }) => trigger))],
    },
  };
}

function toGroup(
  { launchSource, severity, occurrences, details }: Block,
  shown: ReadonlySet<OutcomeDetail>,
): GroupJson {
  const latest = occurrences.map((occurrence) => occurrence.latest);
  const [sample] = latest;
  if (sample === undefined) throw new RangeError('a block has at least one outcome');
  const { status, reason, trigger } = sample;
  return {
    launchSource: { kind: launchSource.kind, name: launchSource.name },
    status,
    reason,
    trigger,
    severity,
    ...seen(details),
    count: details.length,
    instanceIds: latest.map(({ instanceId }) => instanceId),
    outcomes: latest.filter((detail) => shown.has(detail)),
  };
}

function seen(details: readonly OutcomeDetail[]): { readonly firstSeen: string; readonly lastSeen: string } {
  const times = details.map(({ occurredAt }) => occurredAt).sort();
  return { firstSeen: times[0] ?? '', lastSeen: times.at(-1) ?? '' };
}

/** One instance may be in several groups, because several calls were about it. */
const idsOf = (details: readonly OutcomeDetail[]): readonly string[] => [
  ...new Set(details.map(({ instanceId }) => instanceId)),
];

function subjectOf(
  { account, region, severity }: Alert,
  totals: string,
  latest: readonly OutcomeDetail[],
  test: boolean,
): string {
  const [first = '', ...others] = idsOf(latest);
  const ids = ` ${first}${others.length > 0 ? ` +${others.length}` : ''}`;
  const subject = `${test ? 'TEST ' : ''}[IMDSv2 ${severity}] ${account} ${region}: ${totals}`;
  return subject.length + ids.length <= SUBJECT ? subject + ids : subject.slice(0, SUBJECT);
}
