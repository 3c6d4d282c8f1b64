import { softwareLabel } from '../../lambda/core/callers/diagnosis.ts';
import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import { clean } from '../../lambda/core/text.ts';
import { iso } from '../../lambda/core/words/format.ts';
import { launchSourceLabel } from '../../lambda/core/words/launch-source.ts';
import { launchSourceGroupOf } from '../../lambda/core/launch-source-group.ts';
import { cleanName } from '../audit/row.ts';
import { callsNote } from '../callers/words.ts';
import type { Io } from '../common/io.ts';
import { printLabelled } from '../common/table.ts';
import { rejectedNote, usageNote } from '../../lambda/core/words/usage.ts';
import { exemptionLine, explain, type ExplainedRow, option } from './explanation.ts';
import { countsRejectedCalls, type Facts, isUnread } from './read.ts';

/** Prints an instance and the decision table with its values. */
export function show(facts: Facts, io: Io): void {
  const { region, snapshot, defaults, usage } = facts;
  const { instanceId, options, tags, firstLaunch, launchTime } = snapshot;
  const name = cleanName(tags);
  const title = `${instanceId}${name === undefined ? '' : ` "${name}"`}`;
  io.out(`${io.style('bold', title)} in ${region}`);
  const rows = explain(facts);
  for (const { row, decides } of rows)
    for (const [decision, triggers] of decides)
      io.out(`${io.style('bold', '→')} ${decision} (${triggers.join(', ')}; row ${row.number})`);
  io.out('');
  const line = (label: string, text: string) => printLabelled(io, label, text, 15);
  line('options', OPTIONS.map((field) => option(options, field)).join(', '));
  line('launched', firstLaunch === undefined ? 'unknown' : iso(firstLaunch));
  line('last start', launchTime === undefined ? 'unknown' : iso(launchTime));
  line('launch source', launchSourceLabel(launchSourceGroupOf(launchSourceOf(tags))));
  line('exemption', exemptionLine(facts));
  line('defaults', isUnread(defaults) ? notRead(defaults.problem) : defaultsLine(defaults));
  const note = countsRejectedCalls(snapshot) ? rejectedNote : usageNote;
  line('IMDSv1 usage', isUnread(usage) ? notRead(usage.problem) : note(usage));
  for (const [index, text] of callerLines(facts).entries()) line(index === 0 ? 'IMDSv1 callers' : '', text);
  io.out('');
  io.out('Decision table; the first row that applies decides:');
  for (const row of rows) showRow(row, io);
}

/** The software that used IMDSv1, each with its diagnosis. */
function callerLines({
  callers: { callers, calls, incomplete, natProblem },
  snapshot,
  region,
}: Facts): readonly string[] {
  const unexplained = callers.flatMap(({ sources }) => sources.filter(({ kind }) => kind === 'unexplained'));
  const addresses = [...new Set(unexplained.map(({ address }) => address))].slice(0, LISTED).join(', ');
  const lines = [
    ...callers.map((caller) => `${softwareLabel(caller)}: ${caller.diagnosis.text} (${callsNote(caller)})`),
    ...(callers.length === 0 && (calls > 0 || incomplete === undefined) ? [NO_CALLERS] : []),
    ...(incomplete === undefined ? [] : [clean(incomplete, TEXT)]),
    ...(unexplained.length === 0 ? [] : [`MEDIUM: unexplained source address ${addresses}; no proof of theft`]),
    ...(natProblem === undefined ? [] : [`NAT gateways ${natProblem}`]),
  ];
  return [...lines, `details and limits: imdsv2 callers ${snapshot.instanceId} --region ${region}`];
}

const NO_CALLERS = 'no call to AWS with credentials of IMDSv1 in 90 days of event history; other metadata may be read';
const TEXT = 600;
const LISTED = 5;

const OPTIONS = ['HttpTokens', 'HttpEndpoint', 'HttpPutResponseHopLimit', 'State'] as const;

const notRead = (problem: string): string => `not read: ${problem}`;

/** The account's defaults for launches, and whether EC2 enforces IMDSv2. */
function defaultsLine({ HttpTokens, HttpTokensEnforced, ManagedBy, ManagedExceptionMessage }: AccountDefaults): string {
  const by = ManagedBy === 'declarative-policy' ? 'a declarative policy of the organization' : 'the account';
  const message = ManagedExceptionMessage ? ` ("${clean(ManagedExceptionMessage)}")` : '';
  const tokens = clean(HttpTokens ?? 'no preference');
  return `HttpTokens ${tokens}, HttpTokensEnforced ${clean(HttpTokensEnforced ?? 'disabled')}, managed by ${by}${message}`;
}

function showRow({ row, reached, observed, decides }: ExplainedRow, io: Io): void {
  const title = `${row.number}  ${row.rule}`;
  if (!reached) return io.out(io.style('dim', title));
  io.out(decides.size > 0 ? io.style('bold', title) : title);
  io.out(`     ${io.style('dim', `this instance: ${observed}`)}`);
  for (const [decision, triggers] of decides)
    io.out(`     ${io.style('bold', '→')} ${decision} (${triggers.join(', ')})`);
}
