import { clean } from '../../lambda/core/text.ts';
import { count } from '../audit/labels.ts';
import { decisionNote } from '../shared/decision.ts';
import type { Io } from '../shared/io.ts';
import { tableLines } from '../shared/table.ts';
import type { Replayed, ReplayedInstance } from './judge.ts';
import type { Totals } from './totals.ts';

const HEAD = ['when', 'region', 'trigger', 'instance', 'the record says', 'what would have happened'];

/** The lines of a table. */
export class Table {
  readonly #rows: string[][] = [];

  /** @param all also events that no rule would have given to the function. */
  public constructor(private readonly all: boolean) {}

  public add({ matched, at, region = '?', trigger, instances, toFind, problems }: Replayed): void {
    if (!matched && !this.all) return;
    const event = [at?.toISOString().replace(/\.\d+Z$/, 'Z') ?? '?', clean(region), trigger];
    for (const instance of instances) {
      const { instanceId, said } = instance;
      this.#rows.push([...event, instanceId, saidNote(said), matched ? outcomeNote(instance) : NOTHING]);
    }
    if (toFind > 0) {
      const sought = `at least ${toFind} would be looked for, and closed if open`;
      this.#rows.push([...event, '–', 'nothing: it was too large', sought]);
    }
    for (const problem of problems) this.#rows.push([...event, '–', clean(problem), 'not understood, and told']);
    if (instances.length === 0 && !matched) this.#rows.push([...event, '–', '', NOTHING]);
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

const NOTHING = 'nothing: no rule matches';

/** What it comes to, in a few lines. */
export function showTotals(totals: Totals, io: Io): void {
  const { files, items, triggers, decisions, toFind, notUnderstood } = totals;
  io.out(`${many(files, 'file')}, ${many(items, 'event or instance', 'events and instances')} in them`);
  for (const [trigger, { events, matched }] of triggers) {
    io.out(`  ${trigger.padEnd(8)} ${count(events)}, of which ${count(matched)} would have been looked at`);
  }
  for (const [decision, instances] of decisions) io.out(`  ${decision}: ${many(instances, 'instance')}`);
  if (toFind > 0) io.out(`  to be looked for, without ids in the record: at least ${many(toFind, 'instance')}`);
  if (notUnderstood > 0) io.out(`  not understood: ${many(notUnderstood, 'event')}`);
}

const many = (number: number, one: string, more = `${one}s`): string => `${count(number)} ${number === 1 ? one : more}`;

function saidNote({ HttpTokens, HttpEndpoint, exemptUntil }: ReplayedInstance['said']): string {
  const parts = [
    HttpTokens && `tokens ${clean(HttpTokens)}`,
    HttpEndpoint && `IMDS ${clean(HttpEndpoint)}`,
    exemptUntil !== undefined && `exempt until ${JSON.stringify(clean(exemptUntil))}`,
  ];
  return parts.filter(Boolean).join(', ') || 'nothing about its options';
}

function outcomeNote({ decision, provided }: ReplayedInstance): string {
  if (decision === undefined) return NOTHING;
  return decisionNote(decision) + (provided.length === 0 ? '' : `, if ${provided.join(' and ')}`);
}
