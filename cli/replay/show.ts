import { clean } from '../../lambda/core/text.ts';
import { count, instancesOf, iso, plural } from '../../lambda/core/words/format.ts';
import { decisionNote } from '../../lambda/core/words/decision.ts';
import type { Io } from '../shared/io.ts';
import { tableLines } from '../shared/table.ts';
import type { Replayed, ReplayedInstance } from './judge.ts';
import type { Totals } from './totals.ts';

const HEAD = ['when', 'region', 'trigger', 'instance', 'recorded', 'decision'];

/** The events as a table. */
export class Table {
  readonly #rows: string[][] = [];

  /** @param all whether to include events that match no rule. */
  public constructor(private readonly all: boolean) {}

  public add({ matched, at, region = '?', trigger, instances, instancesToFind, problems }: Replayed): void {
    if (!matched && !this.all) return;
    const event = [at === undefined ? '?' : iso(at), clean(region), trigger];
    for (const instance of instances) {
      const note = matched ? decisionWithAssumptions(instance) : NO_RULE;
      this.#rows.push([...event, instance.instanceId, recordedNote(instance.recorded), note]);
    }
    if (instancesToFind > 0) {
      const search = `searches for at least ${instancesOf(instancesToFind)}, then decides`;
      this.#rows.push([...event, '–', 'ids omitted: record too large', search]);
    }
    for (const problem of problems) this.#rows.push([...event, '–', clean(problem), 'not understood; sends an alert']);
    if (instances.length === 0 && !matched) this.#rows.push([...event, '–', '', NO_RULE]);
  }

  public show(io: Io): void {
    if (this.#rows.length === 0) return;
    for (const line of tableLines(
      HEAD,
      this.#rows,
      HEAD.map((_, index) => index),
      io,
    ))
      io.out(line);
    io.out('');
  }
}

const NO_RULE = 'none: no rule matches';

/** Prints totals over all files. */
export function showTotals(totals: Totals, io: Io): void {
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
