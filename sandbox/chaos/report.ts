import Table from 'cli-table3';
import { SOURCE } from '../../lambda/contract.ts';
import { count } from '../../lambda/core/words/format.ts';
import type { Sandbox } from '../index.ts';
import type { Accounting, Entry, FinalState } from './accounting.ts';
import type { Traffic } from './traffic.ts';

const FINAL_STATES: readonly FinalState[] = [
  'remediated',
  'compliant from the start',
  'exempt',
  'needs-review',
  'IMDS off',
  'managed',
  'terminated',
  'vanished',
  'queued in WorkQueue',
  'queued in GivenUpQueue',
  'queued in DeadLetterQueue',
  'missed',
];

/** How many instances a problem names. */
const NAMED = 10;

type Row = readonly [what: string, value: string];

/** A table without lines between rows. */
export function tableOf(rows: readonly Row[]): string {
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ style: { head: [], border: [] }, chars, colAligns: ['left', 'right'] });
  table.push(...rows.map(([what, value]) => [what, value]));
  return table.toString();
}

/** The accounting of a run, as rows of a table. */
export function rowsOf(accounting: Accounting, sandbox: Sandbox, traffic: Traffic): Row[] {
  const { entries, remediationTimes } = accounting;
  const nonCompliant = entries.filter(({ launched }) => launched.isNonCompliant);
  const launches = new Set(entries.map(({ launched }) => launched.token)).size;
  const drifts = traffic.drifts.filter(({ wasRemediated }) => wasRemediated).length;
  const extra = entries.reduce((sum, { extraNotifications }) => sum + extraNotifications, 0);
  const percentiles = [0.5, 0.95, 0.99].map((share) => secondsAt(remediationTimes, share)).join(' / ');
  return [
    ['instances launched', `${count(entries.length)} by ${count(launches)} calls`],
    ['launched with IMDSv1 enabled', count(nonCompliant.length)],
    ['IMDSv1 re-enabled after remediation', count(drifts)],
    ...FINAL_STATES.map((state): Row => [`  ${state}`, count(entriesIn(entries, state))]),
    ['messages in these queues', count(messagesIn(accounting))],
    ['messages in the queues of the notifier', count(accounting.toNotify)],
    ['outcome events', count(outcomeEvents(sandbox))],
    ['alerts sent', count(sandbox.topic('Outcomes').messages.length)],
    ['remediations notified more than once', count(extra)],
    ['remediations owed a notification', count(entries.filter(({ isOwed }) => isOwed).length)],
    [
      '  of instances that no longer exist',
      count(entries.filter(({ isOwedAfterTermination }) => isOwedAfterTermination).length),
    ],
    ['seconds to remediate, p50 / p95 / p99', percentiles],
    ...workOf(sandbox, remediationTimes.length + drifts, launches),
  ];
}

/** The number of events about outcomes that were accepted. */
const outcomeEvents = ({ events }: Sandbox): number => events.filter(({ source }) => source === SOURCE).length;

/** The work of the functions, and the least that would have been necessary. */
function workOf(sandbox: Sandbox, changes: number, launches: number): Row[] {
  const { invocations } = sandbox;
  const calls = sandbox.calls.all().filter(({ service, invocation }) => service === 'ec2' && invocation !== undefined);
  const throttled = calls.filter(({ outcome }) => outcome === 'RequestLimitExceeded').length;
  const failed = invocations.filter(({ result }) => !result.ok).length;
  // One change for each remediation, one describe call for each launch and one for each full batch of the queue.
  const least = changes + launches + Math.ceil(sandbox.fleet().instances().length / 200);
  return [
    ['invocations', `${count(invocations.length)} (${count(failed)} failed)`],
    ['EC2 calls made / least possible', `${count(calls.length)} / ${count(least)}`],
    ['throttled calls', count(throttled)],
  ];
}

/** The reasons why a run failed. */
export function problemsOf({ entries }: Accounting): string[] {
  const missed = entries.filter(({ state }) => state === 'missed');
  const owed = entries.filter(({ isOwed }) => isOwed);
  return [
    ...(missed.length > 0 ? [`${missed.length} missed: ${named(missed)}`] : []),
    ...(owed.length > 0 ? [`${owed.length} owed a notification: ${named(owed)}`] : []),
  ];
}

/** What a redrive should have processed and did not. */
export function problemsAfterRedrive(accounting: Accounting): string[] {
  const queued = accounting.entries.filter(({ state }) => state.startsWith('queued'));
  const messages = messagesIn(accounting);
  return [
    ...(queued.length > 0 ? [`${queued.length} still have IMDSv1 enabled: ${named(queued)}`] : []),
    ...(messages > 0 ? [`${count(messages)} messages were not processed`] : []),
    ...(accounting.toNotify > 0 ? [`${count(accounting.toNotify)} events were not notified`] : []),
  ];
}

/** The number of instances that have IMDSv1 enabled although they should not. */
export const nonCompliantIn = ({ entries }: Accounting): number =>
  entries.filter(({ state }) => state === 'missed' || state.startsWith('queued')).length;

const messagesIn = ({ queues }: Accounting): number => queues.reduce((sum, { messages }) => sum + messages, 0);

const secondsAt = (sorted: readonly number[], share: number): string => {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? '-' : (value / 1000).toFixed(1);
};

const entriesIn = (entries: readonly Entry[], state: FinalState): number =>
  entries.filter((entry) => entry.state === state).length;

function named(entries: readonly Entry[]): string {
  const names = entries.slice(0, NAMED).map(({ launched: { id, kind, token } }) => `${id} (${kind}, ${token})`);
  return names.join(', ') + (entries.length > NAMED ? ', ...' : '');
}
