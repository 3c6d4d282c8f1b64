import Table from 'cli-table3';
import type { Sandbox } from '../index.ts';
import { list } from '../aws/wire/params.ts';
import type { Entry, Fate, Accounting } from './accounting.ts';
import type { ManualChanges } from './manual-changes.ts';

const FATES: readonly Fate[] = [
  'already-remediated',
  'compliant from the start',
  'exempt',
  'needs-review',
  'IMDS off',
  'managed',
  'terminated',
  'vanished',
  'waiting in WorkQueue',
  'waiting in DeadLetterQueue',
  'missed',
];

/** How many of the missed and the owed are named. */
const NAMED = 10;

type Row = readonly [what: string, value: string];

/** A table without lines between rows. */
export function tableOf(rows: readonly Row[]): string {
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ style: { head: [], border: [] }, chars, colAligns: ['left', 'right'] });
  table.push(...rows.map(([what, value]) => [what, value]));
  return table.toString();
}

/** The accounts of a run, as rows. */
export function rowsOf(accounting: Accounting, sandbox: Sandbox, manualChanges: ManualChanges): Row[] {
  const { entries, closing } = accounting;
  const open = entries.filter(({ launched }) => launched.open);
  const tokens = new Set(entries.map(({ launched }) => launched.token));
  const backs = manualChanges.setBacks.filter(({ wasRemediated }) => wasRemediated).length;
  const again = entries.reduce((sum, { notifiedAgain }) => sum + notifiedAgain, 0);
  return [
    ['instances launched', `${count(entries.length)} by ${count(tokens.size)} calls`],
    ['open at start', count(open.length)],
    ['set back after they were closed', count(backs)],
    ...FATES.map((fate): Row => [`  ${fate}`, count(those(entries, fate))]),
    ['messages in WorkQueue and DeadLetterQueue', count(messagesIn(accounting))],
    ['alerts sent', count(sandbox.topic('Outcomes').messages.length)],
    ['closings told more than once', count(again)],
    ['closings owed but not told', count(entries.filter(({ owed }) => owed).length)],
    ['  and of instances gone since', count(entries.filter(({ owedOfGone }) => owedOfGone).length)],
    ['seconds to close, p50 / p95 / p99', [0.5, 0.95, 0.99].map((share) => secondsAt(closing, share)).join(' / ')],
    ...workOf(sandbox, closing.length + backs, tokens.size),
  ];
}

/** What the function did for it, next to the least that would have done. */
function workOf(sandbox: Sandbox, changes: number, launches: number): Row[] {
  const { invocations } = sandbox;
  const calls = sandbox.calls.all().filter(({ service, invocation }) => service === 'ec2' && invocation !== undefined);
  const throttled = calls.filter(({ outcome }) => outcome === 'RequestLimitExceeded').length;
  const failed = invocations.filter(({ result }) => !result.ok).length;
  // One change for each closing, one look for each launch, one for each full batch of the queue.
  const least = changes + launches + Math.ceil(sandbox.fleet().instances().length / 200);
  const batches = invocations.filter(({ payload }) => list(payload, 'Records').length > 0).length;
  return [
    ['invocations', `${count(invocations.length)} (${count(batches)} of the queue, ${count(failed)} failed)`],
    ['EC2 calls made / least possible', `${count(calls.length)} / ${count(least)}`],
    ['throttled calls', count(throttled)],
  ];
}

/** What makes a run fail, one sentence each. */
export function problemsOf({ entries }: Accounting): string[] {
  const missed = entries.filter(({ fate }) => fate === 'missed');
  const owed = entries.filter((entry) => entry.owed);
  return [
    ...(missed.length > 0 ? [`${missed.length} missed: ${named(missed)}`] : []),
    ...(owed.length > 0 ? [`${owed.length} closed and not told: ${named(owed)}`] : []),
  ];
}

/** What a redrive should have done, one sentence each. */
export function leftOver(accounting: Accounting): string[] {
  const left = accounting.entries.filter(({ fate }) => fate.startsWith('waiting'));
  const messages = messagesIn(accounting);
  return [
    ...(left.length > 0 ? [`${left.length} still open: ${named(left)}`] : []),
    ...(messages > 0 ? [`${count(messages)} messages still wait: nothing can be done with them`] : []),
  ];
}

/** Instances that are open although they should not be. */
export const openIn = ({ entries }: Accounting): number =>
  entries.filter(({ fate }) => fate === 'missed' || fate.startsWith('waiting')).length;

const messagesIn = ({ waiting }: Accounting): number => waiting.reduce((sum, queue) => sum + queue.messages, 0);

export const count = (number: number): string => number.toLocaleString('en-US');

const secondsAt = (sorted: readonly number[], share: number): string => {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? '-' : (value / 1000).toFixed(1);
};

const those = (entries: readonly Entry[], fate: Fate): number => entries.filter((entry) => entry.fate === fate).length;

function named(entries: readonly Entry[]): string {
  const names = entries.slice(0, NAMED).map(({ launched: { id, kind, token } }) => `${id} (${kind}, ${token})`);
  return names.join(', ') + (entries.length > NAMED ? ', ...' : '');
}
