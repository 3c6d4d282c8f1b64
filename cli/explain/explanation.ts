import { TRIGGERS, type TriggerName } from '../../lambda/contract.ts';
import { type Policy, type Row, ROWS, type Ruling, rulingOn } from '../../lambda/core/decide.ts';
import { groupBy } from '../../lambda/core/group-by.ts';
import type { Snapshot } from '../../lambda/core/instance.ts';
import type { AccountDefaults } from '../../lambda/core/rollback.ts';
import type { Usage } from '../../lambda/core/usage.ts';
import { decisionNote } from '../shared/decision.ts';
import { HERE } from './here.ts';

/** Something that could not be read, and why. */
export interface Unread {
  readonly problem: string;
}

/** What is known about an instance. */
export interface Facts {
  readonly region: string;
  readonly snapshot: Snapshot;
  readonly defaults: AccountDefaults | Unread;
  /** Of calls without a token: those that were answered, or if tokens are required those that were refused. */
  readonly usage: Usage | Unread;
  readonly policy: Policy;
  readonly at: Date;
}

/** Whether something could not be read. */
export const isUnread = (fact: object): fact is Unread => 'problem' in fact;

/** Whether the calls that CloudWatch counts now are those that are refused. */
export const refusesCalls = ({ options }: Snapshot): boolean => options.HttpTokens === 'required';

/** A row of the table, and for which triggers it decides what. */
export interface ExplainedRow {
  readonly row: Row;
  /** No trigger comes this far. */
  readonly reached: boolean;
  /** What this row looks at on the instance. */
  readonly here: string;
  /** What it decides in words; the triggers for which it does. */
  readonly decides: ReadonlyMap<string, readonly TriggerName[]>;
}

/** What would be decided for an instance, by trigger. Nothing is recorded of an event that has not happened. */
export function rulings({ snapshot, policy, usage, at }: Facts): ReadonlyMap<TriggerName, Ruling> {
  const measured = isUnread(usage) ? undefined : usage;
  return new Map(
    TRIGGERS.map((trigger) => {
      const context = { trigger, eventId: '', occurredAt: at, usage: measured };
      return [trigger, rulingOn(snapshot, context, policy, at)];
    }),
  );
}

/** The decision table, row by row. */
export function explain(facts: Facts): readonly ExplainedRow[] {
  const all = [...rulings(facts)];
  const last = Math.max(...all.map(([, { row }]) => row.number));
  return ROWS.map((row) => {
    const here = all.filter(([, ruling]) => ruling.row.number === row.number);
    const decides = groupBy(here, ([, { decision }]) => decisionNote(decision));
    return {
      row,
      reached: row.number <= last,
      here: HERE[row.name](facts),
      decides: new Map([...decides].map(([words, those]) => [words, those.map(([trigger]) => trigger)])),
    };
  });
}
