import { launchSourceOf } from '../../lambda/core/launch-source.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import { clean } from '../../lambda/core/text.ts';
import { launchSourceLabel } from '../audit/labels.ts';
import { launchSourceGroupOf } from '../audit/launch-source-group.ts';
import type { Io } from '../shared/io.ts';
import { refusedNote, usageNote } from '../shared/usage.ts';
import { explain, type ExplainedRow, type Facts, isUnread, refusesCalls } from './explanation.ts';
import { exemptionLine, iso, option } from './here.ts';

/** Shows an instance and the way of every trigger through the decision table. */
export function show(facts: Facts, io: Io): void {
  const { region, snapshot, defaults, usage } = facts;
  const { instanceId, options, tags, firstLaunch, launchTime } = snapshot;
  const name = tags.get('Name');
  const title = `${instanceId}${name === undefined ? '' : ` "${clean(name)}"`}`;
  io.out(`${io.style('bold', title)} in ${region}`);
  const line = (label: string, text: string) => io.out(`  ${io.style('dim', label.padEnd(12))}${text}`);
  line('options', OPTIONS.map((field) => option(options, field)).join(', '));
  line('launched', firstLaunch === undefined ? 'EC2 does not say' : iso(firstLaunch));
  line('last start', launchTime === undefined ? 'EC2 does not say' : iso(launchTime));
  line('launchSource', launchSourceLabel(launchSourceGroupOf(launchSourceOf(tags))));
  line('exemption', exemptionLine(facts));
  line('defaults', isUnread(defaults) ? notRead(defaults.problem) : defaultsLine(defaults));
  const note = refusesCalls(snapshot) ? refusedNote : usageNote;
  line('IMDSv1 use', isUnread(usage) ? notRead(usage.problem) : note(usage));
  io.out('');
  io.out('Top to bottom, the first row that applies decides:');
  for (const row of explain(facts)) showRow(row, io);
}

const OPTIONS = ['HttpTokens', 'HttpEndpoint', 'HttpPutResponseHopLimit', 'State'] as const;

const notRead = (problem: string): string => `not read: ${problem}`;

/** What a launch that does not say would get, and what EC2 refuses. */
function defaultsLine({ HttpTokens, HttpTokensEnforced, ManagedBy, ManagedExceptionMessage }: AccountDefaults): string {
  const by = ManagedBy === 'declarative-policy' ? 'a declarative policy of the organization' : 'the account';
  const says = ManagedExceptionMessage ? ` ("${clean(ManagedExceptionMessage)}")` : '';
  const tokens = clean(HttpTokens ?? 'no preference');
  return `HttpTokens ${tokens}, HttpTokensEnforced ${clean(HttpTokensEnforced ?? 'disabled')}, managed by ${by}${says}`;
}

function showRow({ row, reached, here, decides }: ExplainedRow, io: Io): void {
  const title = `${row.number}  ${row.rule}`;
  if (!reached) return io.out(io.style('dim', title));
  io.out(decides.size > 0 ? io.style('bold', title) : title);
  io.out(`     ${io.style('dim', `here: ${here}`)}`);
  for (const [decision, triggers] of decides)
    io.out(`     ${io.style('bold', '→')} ${triggers.join(', ')}: ${decision}`);
}
