import { clean } from '../../lambda/core/text.ts';
import { count, instancesOf, iso, plural } from '../../lambda/core/words/format.ts';
import { decisionNote } from '../../lambda/core/words/decision.ts';
import type { Io } from '../common/io.ts';
import { printTable } from '../common/table.ts';
import type { Replayed, ReplayedInstance } from './judge.ts';
import type { Totals } from './totals.ts';

/**
 * The events as a table, then totals over all files.
 *
 * @param all whether to include events that match no rule.
 */
export function tableReplay(all: boolean, io: Io) {
  const rows: string[][] = [];
  return {
    add: ({ matched, why = '', at, region = '?', trigger, instances, instancesToFind, problems }: Replayed): void => {
      if (!matched && !all) return;
      const row = (...cells: readonly string[]) =>
        rows.push([at === undefined ? '?' : iso(at), clean(region), trigger, ...cells]);
      for (const instance of instances) {
        const note = matched ? decisionWithAssumptions(instance) : noRule(why);
        row(instance.instanceId, recordedNote(instance.recorded), note);
      }
      if (instancesToFind > 0) {
        const search = `searches for at least ${instancesOf(instancesToFind)}, then decides`;
        row('–', 'ids omitted: record too large', search);
      }
      for (const problem of problems) row('–', clean(problem), 'not understood; sends an alert');
      if (instances.length === 0 && !matched) row('–', '', noRule(why));
    },
    end: (totals: Totals): void => {
      if (rows.length > 0) {
        printTable(io, ['when', 'region', 'trigger', 'instance', 'recorded', 'decision'], rows);
        io.out('');
      }
      showTotals(totals, io);
    },
  };
}

const noRule = (why: string): string => `none, no rule matches: ${why}`;

function showTotals(totals: Totals, io: Io): void {
  const { files, items, triggers, unmatched, otherEvents, decisions, instancesToFind, notUnderstood } = totals;
  io.out(`Read ${plural(files, 'file')} with ${plural(items, 'record')}`);
  for (const [trigger, { events, matched }] of triggers) {
    io.out(`  ${trigger.padEnd(8)} ${plural(events, 'event')}, ${count(matched)} matched by a rule`);
  }
  for (const [decision, instances] of decisions) io.out(`  ${decision}: ${instancesOf(instances)}`);
  if (instancesToFind > 0) io.out(`  ids omitted from the record: at least ${instancesOf(instancesToFind)}`);
  if (notUnderstood > 0) io.out(`  not understood: ${plural(notUnderstood, 'event')}`);
  showWhyNothing(totals, io);
  for (const [why, events] of unmatched) io.out(`  no rule matches: ${plural(events, 'event')} (${why})`);
  const others = [...otherEvents].toSorted(([, a], [, b]) => b - a);
  if (others.length === 0) return;
  const named = others.slice(0, NAMED).map(([name, number]) => `${name} ${count(number)}`);
  const more = others.length > NAMED ? `, and ${plural(others.length - NAMED, 'more kind')}` : '';
  const sum = others.reduce((total, [, number]) => total + number, 0);
  io.out(`  other events, which no rule is about: ${count(sum)} (${named.join(', ')}${more})`);
}

/** Says why nothing would have been decided, if nothing would have been. */
function showWhyNothing(totals: Totals, io: Io): void {
  const { items, decisions, instancesToFind, notUnderstood, unmatched, otherEvents, unreadable } = totals;
  if (decisions.size + instancesToFind + notUnderstood > 0) return;
  if (unmatched.size + otherEvents.size > 0) io.out(NOTHING);
  else if (items === 0 && unreadable.length === 0) io.out(NO_RECORDS);
}

const NO_RECORDS = 'Nothing would have been decided: the files have no event and no instance.';
const NOTHING = 'Nothing would have been decided, because no rule matches any of the events:';

/** How many kinds of other events are named. */
const NAMED = 5;

function recordedNote({ HttpTokens, HttpEndpoint, exemptUntil }: ReplayedInstance['recorded']): string {
  const parts = [
    HttpTokens && `HttpTokens ${clean(HttpTokens)}`,
    HttpEndpoint && `HttpEndpoint ${clean(HttpEndpoint)}`,
    exemptUntil !== undefined && `exempt until ${JSON.stringify(clean(exemptUntil))}`,
  ];
  return parts.filter(Boolean).join(', ') || 'no metadata options';
}

function decisionWithAssumptions({ decision, assumptions }: ReplayedInstance): string {
  if (decision === undefined) return '';
  return decisionNote(decision) + (assumptions.length === 0 ? '' : `, if ${assumptions.join(' and ')}`);
}
