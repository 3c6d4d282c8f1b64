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
    add: ({ matched, at, region = '?', trigger, instances, instancesToFind, problems }: Replayed): void => {
      if (!matched && !all) return;
      const row = (...cells: readonly string[]) =>
        rows.push([at === undefined ? '?' : iso(at), clean(region), trigger, ...cells]);
      for (const instance of instances) {
        const note = matched ? decisionWithAssumptions(instance) : NO_RULE;
        row(instance.instanceId, recordedNote(instance.recorded), note);
      }
      if (instancesToFind > 0) {
        const search = `searches for at least ${instancesOf(instancesToFind)}, then decides`;
        row('–', 'ids omitted: record too large', search);
      }
      for (const problem of problems) row('–', clean(problem), 'not understood; sends an alert');
      if (instances.length === 0 && !matched) row('–', '', NO_RULE);
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

const NO_RULE = 'none: no rule matches';

function showTotals(totals: Totals, io: Io): void {
  const { files, items, triggers, decisions, instancesToFind, notUnderstood } = totals;
  io.out(`Read ${plural(files, 'file')} with ${plural(items, 'record')}`);
  for (const [trigger, { events, matched }] of triggers) {
    io.out(`  ${trigger.padEnd(8)} ${plural(events, 'event')}, ${count(matched)} matched by a rule`);
  }
  for (const [decision, instances] of decisions) io.out(`  ${decision}: ${instancesOf(instances)}`);
  if (instancesToFind > 0) io.out(`  ids omitted from the record: at least ${instancesOf(instancesToFind)}`);
  if (notUnderstood > 0) io.out(`  not understood: ${plural(notUnderstood, 'event')}`);
}

function recordedNote({ HttpTokens, HttpEndpoint, exemptUntil }: ReplayedInstance['recorded']): string {
  const parts = [
    HttpTokens && `HttpTokens ${clean(HttpTokens)}`,
    HttpEndpoint && `HttpEndpoint ${clean(HttpEndpoint)}`,
    exemptUntil !== undefined && `exempt until ${JSON.stringify(clean(exemptUntil))}`,
  ];
  return parts.filter(Boolean).join(', ') || 'no metadata options';
}

function decisionWithAssumptions({ decision, assumptions }: ReplayedInstance): string {
  if (decision === undefined) return NO_RULE;
  return decisionNote(decision) + (assumptions.length === 0 ? '' : `, if ${assumptions.join(' and ')}`);
}
